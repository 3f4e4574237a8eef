package placement_test

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/placement"
)

// What a controller does with a Deployment.
func Example() {
	web := &metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{
		fedv1beta1.AnnotationV1ClusterSelector:       `[{"key":"environment","operator":"In","values":["production"]}]`,
		fedv1beta1.AnnotationV1DeploymentPreferences: `{"clusters":{"*":{"weight":1,"maxReplicas":4},"gondor":{"weight":2,"maxReplicas":6}}}`,
	}}
	production := map[string]string{"environment": "production"}
	members := []placement.Member{
		{Name: "gondor", Ready: true, Labels: production, Replicas: 6, Running: 6},
		{Name: "rohan", Ready: true, Labels: production, Replicas: 4, Running: 3, Unschedulable: 1},
		{Name: "mordor", Ready: false, Labels: production, Replicas: 2},
		{Name: "shire", Ready: true},
	}

	selected, err := placement.Select(web, members)
	if err != nil {
		fmt.Println(err) // a condition of the object; nothing is taken away
		return
	}
	preferences, err := placement.PreferencesOf(web, fedv1beta1.AnnotationV1DeploymentPreferences)
	if err != nil {
		fmt.Println(err)
		return
	}
	layout := placement.Plan("shop/web", 12, preferences, selected)
	for _, share := range layout.Shares {
		fmt.Printf("%s: %d replicas, of which %d wait for room\n", share.Member, share.Wanted(), share.Pending)
	}
	for _, note := range layout.Notes {
		fmt.Println(note)
	}
	// Output:
	// gondor: 6 replicas, of which 0 wait for room
	// rohan: 4 replicas, of which 1 wait for room
	// 3 of 12 replicas are not placed: no room for more: rohan (3); at their maximum: gondor (6); not ready: mordor
}
