package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fedhelm/fedhelm/ci/bench/internal/plot"
)

// dnsResults is all that was measured; of what was not, there is nothing.
type dnsResults struct {
	Machine string         `json:"machine"`
	Members int            `json:"members"`
	Created []createRun    `json:"created,omitempty"`
	Flips   *flipRun       `json:"flips,omitempty"`
	Away    []awayRun      `json:"away,omitempty"`
	Restart *dnsRestartRun `json:"restart,omitempty"`
	Rebuilt *rebuildRun    `json:"rebuilt,omitempty"`
}

// flipAim is what half of all flips may take, in seconds, and callsAim how many calls a restart in sync may write with.
const (
	flipAim  = 0.5
	callsAim = 0
)

func (b *dnsBench) report(r dnsResults) error {
	return b.publish("dns", r, func(w io.Writer) error { return writeDNS(w, r) }, dnsCharts(r))
}

func writeDNS(w io.Writer, r dnsResults) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured with %s.\n\n", r.Machine)
	if len(r.Created) > 0 {
		writeCreated(&b, r)
	}
	if f := r.Flips; f != nil {
		fmt.Fprintf(&b, "**An endpoint flips**, %d Services × %d members, %.0f a second (aim: P99 under %.1f s)\n\n", f.Services, r.Members, f.Rate, flipAim)
		table(&b, []string{"flips", "P50 s", "P99 s", "at worst s", "floor P50 s", "floor P99 s", "calls that write", "keys written", "CPU %"}, [][]string{{
			strconv.Itoa(f.Flips), seconds(f.P50), seconds(f.P99), seconds(f.Max), seconds(f.FloorP50), seconds(f.FloorP99),
			fmt.Sprintf("%.0f", f.Calls.Writes), strconv.Itoa(f.Puts), fmt.Sprintf("%.0f", f.Share),
		}})
	}
	if len(r.Away) > 0 {
		fmt.Fprintf(&b, "**A member goes out of all names, or comes back**, one of %d\n\n", r.Members)
		rows := make([][]string, 0, len(r.Away))
		for _, a := range r.Away {
			rows = append(rows, []string{
				a.What, strconv.Itoa(a.Services), strconv.Itoa(a.Names), fmt.Sprintf("%.2f", a.Written), fmt.Sprintf("%.2f", a.Answered),
				fmt.Sprintf("%.0f", a.Calls.Writes), strconv.Itoa(a.Puts),
			})
		}
		table(&b, []string{"the member is", "Services", "names that change", "in etcd s", "asked for and right s", "calls that write", "keys written"}, rows)
	}
	if s := r.Restart; s != nil {
		fmt.Fprintf(&b, "**Restart in sync** (aim: %d calls that write)\n\n", callsAim)
		table(&b, []string{"Services", "keys in the zone", "calls that write", "keys written", "calls that read", "at rest after s", "CPU s", "peak MiB"}, [][]string{{
			strconv.Itoa(s.Services), strconv.Itoa(s.Keys), fmt.Sprintf("%.0f", s.Calls.Writes), strconv.Itoa(s.Puts), fmt.Sprintf("%.0f", s.Calls.Reads),
			fmt.Sprintf("%.1f", s.Rest), fmt.Sprintf("%.1f", s.CPU), fmt.Sprintf("%.0f", s.Peak),
		}})
	}
	if x := r.Rebuilt; x != nil {
		b.WriteString("**The zone has lost everything**, and the controller manager starts\n\n")
		table(&b, []string{"Services", "names", "keys", "in etcd s", "asked for and right s", "floor s", "calls that write", "the floor's", "keys written", "CPU s"}, [][]string{{
			strconv.Itoa(x.Services), strconv.Itoa(x.Names), strconv.Itoa(x.Keys), fmt.Sprintf("%.2f", x.Written), fmt.Sprintf("%.2f", x.Answered), fmt.Sprintf("%.2f", x.Floor),
			fmt.Sprintf("%.0f", x.Calls.Writes), strconv.Itoa(x.FloorTxn), strconv.Itoa(x.Puts), fmt.Sprintf("%.1f", x.CPU),
		}})
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCreated(b *strings.Builder, r dnsResults) {
	b.WriteString("**Services are created**, all at once\n\n")
	rows := make([][]string, 0, len(r.Created))
	for _, c := range r.Created {
		rows = append(rows, []string{
			fmt.Sprintf("%d × %d", c.Services, r.Members), strconv.Itoa(c.Names), strconv.Itoa(c.Keys), fmt.Sprintf("%.2f", c.Accepted), fmt.Sprintf("%.2f", c.Copied),
			fmt.Sprintf("%.2f", c.Written), fmt.Sprintf("%.2f", c.Answered), fmt.Sprintf("%.2f", c.Floor),
			fmt.Sprintf("%.0f", c.Calls.Writes), strconv.Itoa(c.FloorTxn), fmt.Sprintf("%.0f", c.Calls.Failed), strconv.Itoa(c.Puts), fmt.Sprintf("%.1f", c.CPU),
		})
	}
	table(b, []string{
		"Services × members", "names", "keys", "accepted s", "last copy s", "in etcd s", "asked for and right s", "floor s",
		"calls that write", "the floor's", "calls not ok", "keys written", "CPU s",
	}, rows)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// dnsCharts are those of what was measured.
func dnsCharts(r dnsResults) []plot.Chart {
	if len(r.Created) == 0 {
		return nil
	}
	line := func(name string, value func(createRun) float64) plot.Series {
		return series(name, r.Created, func(c createRun) plot.Point { return plot.Point{X: float64(c.Services), Y: value(c)} })
	}
	return []plot.Chart{
		{Title: fmt.Sprintf("Services created, %d members: time", r.Members), X: "Services", Y: "seconds", LogX: true, LogY: true, Series: []plot.Series{
			line("last copy in a member", func(c createRun) float64 { return c.Copied }), line("last record in etcd", func(c createRun) float64 { return c.Written }),
			line("floor: the records straight to etcd", func(c createRun) float64 { return c.Floor }),
		}},
		{Title: fmt.Sprintf("Services created, %d members: calls that write", r.Members), X: "Services", Y: "transactions", LogX: true, LogY: true, Series: []plot.Series{
			line("fedhelm", func(c createRun) float64 { return c.Calls.Writes }), line("floor", func(c createRun) float64 { return float64(c.FloorTxn) }),
		}},
	}
}
