package check

import (
	"slices"
	"testing"
)

func results(levels ...Level) Report {
	var r Report
	for _, level := range levels {
		r = append(r, Result{Outcome: Outcome{Level: level}})
	}
	return r
}

func TestSummary(t *testing.T) {
	tests := []struct {
		name  string
		r     Report
		want  string
		worst Level
	}{
		{name: "nothing but good", r: results(OK, OK), want: "all well: 2 checks", worst: OK},
		{name: "one of each", r: results(OK, Warning, Failure, Skipped), want: "1 failure, 1 warning, 1 check skipped", worst: Failure},
		{name: "several of each", r: results(Skipped, Failure, Failure, Warning, Warning, Skipped), want: "2 failures, 2 warnings, 2 checks skipped", worst: Failure},
		{name: "a warning is not all well", r: results(OK, Warning), want: "1 warning", worst: Warning},
		{name: "what was skipped may be wrong", r: results(OK, Skipped), want: "nothing wrong was found, 1 check skipped", worst: OK},
		{name: "nothing was looked at", r: results(Skipped), want: "nothing wrong was found, 1 check skipped", worst: Skipped},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.r.Summary(); got != tt.want {
				t.Errorf("Summary = %q, want %q", got, tt.want)
			}
			if got := tt.r.Worst(); got != tt.worst {
				t.Errorf("Worst = %q, want %q", got, tt.worst)
			}
		})
	}
}

func TestReportKeepsItsOrder(t *testing.T) {
	r := Report{
		{Category: CategoryHost, Name: "host-api", Outcome: Outcome{Level: Failure}},
		{Category: MemberCategory("gondor"), Name: "ready", Outcome: Outcome{Level: Failure}},
		{Category: MemberCategory("rohan"), Name: "ready", Outcome: Outcome{Level: Failure}},
		{Category: MemberCategory("gondor"), Name: "zones", Outcome: Outcome{Level: OK}},
	}
	if got, want := r.Names(Failure), []string{"host-api", "gondor/ready", "rohan/ready"}; !slices.Equal(got, want) {
		t.Errorf("Names = %q, want %q", got, want)
	}
	parts := r.ByCategory()
	var got []string
	for _, part := range parts {
		got = append(got, part[0].Category)
	}
	if want := []string{"host cluster", "member gondor", "member rohan"}; !slices.Equal(got, want) {
		t.Errorf("categories are %q, want %q", got, want)
	}
	if len(parts) == 3 && len(parts[1]) != 2 {
		t.Errorf("member gondor has %d results, want 2", len(parts[1]))
	}
}
