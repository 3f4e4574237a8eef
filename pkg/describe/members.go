package describe

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/placement"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

// synced is what the federation reports of a copy that is as it should be.
const synced memberstate.State = "Synced"

// States beside those that the federation reports.
const (
	// Unknown: the controller manager has not said anything yet.
	Unknown memberstate.State = "Unknown"
	// NoShare: of what is divided the member gets nothing.
	NoShare memberstate.State = "NoShare"
)

// Member is how the object fares in one member.
type Member struct {
	Name string `json:"name"`
	// Selected says that the member is to have the object.
	Selected bool `json:"selected"`
	// Wanted and Ready are missing for kinds that are not divided among members.
	Wanted *int32 `json:"wanted,omitempty"`
	Ready  *int32 `json:"ready,omitempty"`
	// State is that which the federation reports, Unknown or NoShare.
	State    memberstate.State `json:"state"`
	Message  string            `json:"message,omitempty"`
	Finished string            `json:"finished,omitempty"` // how the part of a Job has ended
}

// standing fills in what the annotations say of members.
func (d *Description) standing(k kinds.Kind, o *unstructured.Unstructured, clusters []fedv1beta1.Cluster) {
	reported, err := memberstate.Of(o.GetAnnotations())
	if err != nil {
		d.Problems = append(d.Problems, err.Error())
	}
	d.Unnamed = reported[""].More
	delete(reported, "")

	all := make([]placement.Member, 0, len(clusters))
	known := map[string]roster.Member{}
	for i := range clusters {
		c := &clusters[i]
		all = append(all, placement.Member{Name: c.Name, Labels: c.Labels})
		known[c.Name] = roster.Member{Name: c.Name, Cluster: c}
	}
	chosen, malformed := placement.Select(o, all)
	if malformed != nil { // nothing is selected then, and nothing is taken away
		d.Problems = append(d.Problems, malformed.Error())
	}
	selected := map[string]bool{}
	for i := range chosen {
		selected[chosen[i].Name] = true
	}

	names := map[string]bool{}
	for name := range known {
		names[name] = true
	}
	for name := range reported {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		report, isReported := reported[name]
		if !selected[name] && !isReported {
			if malformed == nil {
				d.NotSelected = append(d.NotSelected, name)
			}
			continue
		}
		m := Member{Name: name, Selected: selected[name], State: report.State, Message: report.Message, Finished: report.Finished}
		if k.Divided != kinds.Whole && (isReported || d.Propagation != "" && d.Unnamed == 0) {
			m.Wanted, m.Ready = &report.Wanted, &report.Ready
		}
		if m.State == "" {
			m.State = d.unsaid(k, isReported)
		}
		if m.Message == "" {
			m.Message = remark(m.Selected || malformed != nil, known[name])
		}
		d.Members = append(d.Members, m)
	}
}

// unsaid is the state of a member of which the annotation does not say one.
func (d *Description) unsaid(k kinds.Kind, reported bool) memberstate.State {
	switch {
	case reported:
		return synced
	case d.Propagation == "" || d.Unnamed > 0 || len(d.Problems) > 0:
		return Unknown
	case k.Divided != kinds.Whole:
		return NoShare
	default:
		return synced
	}
}

// remark says what the federation API knows of a member that its state may come from.
func remark(selected bool, m roster.Member) string {
	if m.Cluster == nil {
		return "the federation has no Cluster of this name any more"
	}
	switch m.State(true) {
	case roster.Leaving:
		return "the cluster is leaving the federation"
	case roster.Joining:
		return "the cluster was not looked at yet"
	case roster.NotReady:
		return "the cluster is not ready: " + m.Condition(fedv1beta1.ClusterReady).Reason
	default:
		if selected {
			return ""
		}
		return "not selected; its copy is to go"
	}
}
