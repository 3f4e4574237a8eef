package propagation

import "testing"

// Only a cluster that was Ready once can have a copy that is not known of.
func TestASnapshotSaysWhoWasNeverReady(t *testing.T) {
	s := newStage(t, "a")
	s.setFleet(member{name: "a", proven: true}, member{name: "b"})
	is := s.see(configMaps, object("motto"))
	shot, ok := s.Snapshot(is.key)
	if !ok || len(shot.Parts) != 2 || shot.Parts[0].Unproven || !shot.Parts[1].Unproven {
		t.Errorf("the snapshot is %+v", shot)
	}
}
