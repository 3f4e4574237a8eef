package dnsview

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

const gondorDrained = `"gondor":{"addresses":["203.0.113.7"],"out":"Drained"}`

// becomes replaces a Service, as the controller manager would.
func (w *world) becomes(t *testing.T, s *corev1.Service) {
	t.Helper()
	is, err := w.kube.CoreV1().Services(s.Namespace).Get(t.Context(), s.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if drain, ok := is.Annotations[fedv1beta1.AnnotationDNSDrain]; ok {
		annotated(fedv1beta1.AnnotationDNSDrain, drain)(s)
	}
	if _, err := w.kube.CoreV1().Services(s.Namespace).Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) drains(t *testing.T, name string) string {
	t.Helper()
	s, err := w.kube.CoreV1().Services("shop").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Annotations[fedv1beta1.AnnotationDNSDrain]
}

func (w *world) options() DrainOptions {
	return DrainOptions{API: w.api(), Cluster: "gondor", Timeout: 10 * time.Second, Every: time.Millisecond}
}

func TestDrainWaitsUntilNoNameLeadsThere(t *testing.T) {
	w := middleEarth(service("alone", "{"+gondorIn+"}"), service("both", "{"+gondorIn+","+mordorIn+"}", annotated(fedv1beta1.AnnotationDNSTTL, "120")), service("other", "{"+mordorIn+"}"))
	w.onRead = func(reads int) {
		if drained := w.cluster("gondor").Annotations[fedv1beta1.AnnotationDNSDrain] == "true"; drained != (reads > 1) {
			t.Errorf("at read %d the Cluster is drained: %t", reads, drained)
		}
		switch reads { // the annotation first, the records later
		case 3:
			w.becomes(t, service("alone", "{"+gondorDrained+"}", says("ProviderFailed", "not yet")))
		case 4:
			w.becomes(t, service("both", "{"+gondorDrained+","+mordorIn+"}", annotated(fedv1beta1.AnnotationDNSTTL, "120")))
		case 5:
			w.becomes(t, service("alone", "{"+gondorDrained+"}", says("NoBackend", "")))
		}
	}
	var out bytes.Buffer
	o := w.options()
	o.Progress = progress.New(progress.Options{Out: &out})
	got, err := Drain(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := Drained{Cluster: "gondor", Drained: true, Changed: true, Moved: []string{"shop/alone", "shop/both"}, Unbacked: []string{"shop/alone"}, Kept: []Kept{}, TTL: 120}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Drain (-want +got):\n%s", diff)
	}
	if w.reads != 5 {
		t.Errorf("it ended after %d looks, want 5", w.reads)
	}
	for _, want := range []string{
		"Taking gondor out of all names: waiting: 2 Services: shop/alone (its names lead to gondor still), shop/both (its names lead to gondor still)\n",
		"waiting: Service shop/alone (ProviderFailed: not yet)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}

func TestDrainAgainChangesNothing(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorDrained+","+mordorIn+"}"))
	w.cluster("gondor").Annotations = map[string]string{fedv1beta1.AnnotationDNSDrain: "true"}
	got, err := Drain(t.Context(), w.options())
	if err != nil || got.Changed || !got.Drained || len(got.Moved) > 0 {
		t.Errorf("Drain = %+v, %v", got, err)
	}
}

func TestDrainOfOneService(t *testing.T) {
	tests := []struct {
		name  string
		is    string // its annotation before
		drain bool
		want  string
		err   string
	}{
		{name: "the first", drain: true, want: "gondor"},
		{name: "one more", is: "rohan", drain: true, want: "gondor,rohan"},
		{name: "one that it is already", is: " rohan, gondor", drain: true, want: " rohan, gondor"},
		{name: "of all", is: "*", drain: true, want: "*"},
		{name: "the end of one", is: "gondor,rohan", want: "rohan"},
		{name: "the end of the last", is: "gondor"},
		{name: "the end of what is not", is: "rohan", want: "rohan"},
		{name: "the end of one of all", is: "*", want: "*", err: "drains all members, so that one of them cannot be brought back"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := middleEarth(service("web", "{"+gondorIn+"}", annotated(fedv1beta1.AnnotationDNSDrain, tt.is)), service("other", "{"+gondorIn+"}"))
			w.onRead = func(reads int) {
				if reads > 1 && tt.drain {
					w.becomes(t, service("web", "{"+gondorDrained+"}"))
				}
			}
			o := w.options()
			o.Namespace, o.Service = "shop", "web"
			run := Undrain
			if tt.drain {
				run = Drain
			}
			got, err := run(t.Context(), o)
			if tt.err != "" {
				if !errors.Is(err, setup.ErrRefused) || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want a refusal with %q", err, tt.err)
				}
			} else if err != nil || got.Service != "shop/web" || got.Changed != (tt.is != tt.want) {
				t.Errorf("%+v, %v", got, err)
			}
			if is := w.drains(t, "web"); is != tt.want {
				t.Errorf("the annotation is %q, want %q", is, tt.want)
			}
			if w.drains(t, "other") != "" || w.cluster("gondor").Annotations != nil {
				t.Error("something else was annotated")
			}
		})
	}
}

func TestDrainOverwritesNobody(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorDrained+"}"))
	conflicts := 2
	w.kube.PrependReactor("patch", "services", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if !strings.Contains(string(action.(clienttesting.PatchAction).GetPatch()), `"resourceVersion"`) {
			t.Error("it was patched without the version that was read")
		}
		if conflicts--; conflicts < 0 {
			return false, nil, nil
		}
		return true, nil, apierrors.NewConflict(corev1.Resource("services"), "web", errors.New("changed"))
	})
	o := w.options()
	o.Namespace, o.Service = "shop", "web"
	if _, err := Drain(t.Context(), o); err != nil || w.drains(t, "web") != "gondor" {
		t.Errorf("Drain: %v; the annotation is %q", err, w.drains(t, "web"))
	}
}

func TestUndrainWaitsUntilNamesLeadThereAgain(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorDrained+"}", says("NoBackend", "")), service("own", "{"+gondorDrained+"}", annotated(fedv1beta1.AnnotationDNSDrain, "gondor")),
		service("idle", "{"+gondorDrained+"}"))
	w.cluster("gondor").Annotations = map[string]string{fedv1beta1.AnnotationDNSDrain: "true"}
	w.onRead = func(reads int) {
		switch reads {
		case 3:
			w.becomes(t, service("web", "{"+gondorIn+"}", says("ProviderFailed", "")))
			w.becomes(t, service("idle", "{"+gondorOut+"}", says("NoBackend", "")))
		case 4:
			w.becomes(t, service("web", "{"+gondorIn+"}"))
		}
	}
	got, err := Undrain(t.Context(), w.options())
	if err != nil {
		t.Fatal(err)
	}
	want := Drained{Cluster: "gondor", Changed: true, Moved: []string{"shop/web"}, Unbacked: []string{}, TTL: 60, Kept: []Kept{
		{Service: "shop/idle", Reason: "NoReadyEndpoints", Message: "nothing there is ready to serve it"},
		{Service: "shop/own", Reason: "Drained", Message: "the Service is drained there: fedhelm dns undrain gondor --service shop/own brings it back"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || w.reads != 4 {
		t.Errorf("Undrain after %d looks (-want +got):\n%s", w.reads, diff)
	}
	if _, there := w.cluster("gondor").Annotations[fedv1beta1.AnnotationDNSDrain]; there {
		t.Error("the annotation is there still")
	}
}

func TestDrainThatLastsTooLong(t *testing.T) {
	services := []*corev1.Service{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		services = append(services, service(name, "{"+gondorIn+"}"))
	}
	w := middleEarth(services...)
	o := w.options()
	o.Timeout = 50 * time.Millisecond
	_, err := Drain(t.Context(), o)
	if !errors.Is(err, setup.ErrTimedOut) || !strings.Contains(err.Error(), "timed out after 50ms: waiting for 5 Services: shop/a (its names lead to gondor still), shop/b") || !strings.Contains(err.Error(), "and 2 more; the annotation stays") {
		t.Errorf("Drain: %v, want ErrTimedOut with what was waited for", err)
	}
	if w.cluster("gondor").Annotations[fedv1beta1.AnnotationDNSDrain] != "true" {
		t.Error("the drain did not stay")
	}
}

func TestDrainOutlastsAnAPIThatIsAway(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorDrained+"}"))
	w.onRead = func(reads int) {
		w.err = nil
		if reads == 2 || reads == 3 {
			w.err = errAway
		}
	}
	if _, err := Drain(t.Context(), w.options()); err != nil || w.reads != 4 {
		t.Errorf("Drain after %d looks: %v", w.reads, err)
	}
}

func TestDrainThatIsInterrupted(t *testing.T) {
	w := middleEarth(service("web", "{"+gondorIn+"}"))
	ctx, cancel := context.WithCancel(t.Context())
	w.onRead = func(reads int) {
		if reads == 3 {
			cancel()
		}
	}
	if _, err := Drain(ctx, w.options()); !errors.Is(err, context.Canceled) || errors.Is(err, setup.ErrTimedOut) {
		t.Errorf("Drain: %v", err)
	}
}

func TestDrainIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	tests := []struct {
		name string
		edit func(*world, *DrainOptions)
		want []string // a part of each line
	}{
		{name: "an unknown cluster", edit: func(_ *world, o *DrainOptions) { o.Cluster = "moria" }, want: []string{`no cluster "moria"; it has: gondor, mordor, rohan, shire`}},
		{name: "an unknown cluster and an unknown Service", edit: func(_ *world, o *DrainOptions) { o.Cluster, o.Namespace, o.Service = "moria", "shop", "db" }, want: []string{`no cluster "moria"`, `no Service "db" in namespace "shop"`}},
		{name: "a Service without names", edit: func(_ *world, o *DrainOptions) { o.Namespace, o.Service = "shop", "inner" }, want: []string{`Service "shop/inner" has no names: its type is ClusterIP`}},
		{name: "a federation without members", edit: func(w *world, _ *DrainOptions) { w.clusters = nil }, want: []string{`no cluster "gondor": it has none at all`}},
		{name: "a federation without a zone", edit: func(w *world, _ *DrainOptions) { w.zones = nil }, want: []string{"no DNS zone"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := middleEarth(service("web", "{"+gondorIn+"}"), service("inner", "", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }))
			o := w.options()
			tt.edit(w, &o)
			_, err := Drain(t.Context(), o)
			if !errors.Is(err, setup.ErrRefused) {
				t.Fatalf("Drain: %v, want a refusal", err)
			}
			got := strings.Split(err.Error(), "\n")
			if !slices.EqualFunc(got, tt.want, strings.Contains) {
				t.Errorf("refused with\n%v\nwant %q", err, tt.want)
			}
			if c := w.cluster("gondor"); c != nil && c.Annotations != nil || w.drains(t, "web") != "" {
				t.Error("something was annotated")
			}
		})
	}
}
