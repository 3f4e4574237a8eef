// Package teardown is the hook that keeps a federation from being deleted while
// clusters are still joined to it, and that removes its records from DNS.
package teardown

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Services reads the host namespace's Services.
type Services interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Service, error)
}

// SecretNames lists the host namespace's Secrets without what is in them.
type SecretNames interface {
	List(ctx context.Context, opts metav1.ListOptions) (*metav1.PartialObjectMetadataList, error)
}

// Options say which federation is to go. All but Records, for one whose names nobody
// else serves, and Out are required.
type Options struct {
	Federation string
	Namespace  string
	Services   Services
	Secrets    SecretNames
	Records    Records
	Out        io.Writer // default: nowhere
}

// Run returns nil when nothing stands against deleting the federation, and its
// records are gone. Whether clusters are joined it judges by what the host cluster
// knows: the federation itself may be broken.
func Run(ctx context.Context, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	o.Records.askLimit, o.Records.lastWords = cmp.Or(o.Records.askLimit, askLimit), cmp.Or(o.Records.lastWords, lastWords)
	members, err := o.members(ctx)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		o.say("no cluster is joined to federation %s", o.Federation)
		return o.removeRecords(ctx)
	}
	forced, err := o.asked(ctx, fedv1beta1.AnnotationTeardown, fedv1beta1.TeardownForce)
	if err != nil {
		return err
	}
	if !forced {
		return o.refuse(members)
	}
	o.say("federation %s is deleted although clusters are joined to it: %s", o.Federation, strings.Join(members, ", "))
	return o.removeRecords(ctx)
}

func (o Options) members(ctx context.Context) ([]string, error) {
	selector := labels.Set{fedv1beta1.LabelFederation: o.Federation}.String() + "," + fedv1beta1.LabelCluster
	list, err := o.Secrets.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the members' secrets in namespace %q: %w", o.Namespace, err)
	}
	var names []string
	for _, s := range list.Items {
		names = append(names, s.Labels[fedv1beta1.LabelCluster])
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// asked tells whether an annotation of the API server's Service has that value.
func (o Options) asked(ctx context.Context, annotation, value string) (bool, error) {
	service, err := o.Services.Get(ctx, o.service(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read service %s/%s: %w", o.Namespace, o.service(), err)
	}
	return service.Annotations[annotation] == value, nil
}

func (o Options) service() string { return o.Federation + "-apiserver" }

func (o Options) refuse(members []string) error {
	unjoin := make([]string, len(members))
	for i, m := range members {
		unjoin[i] = "fedhelm unjoin " + m
	}
	return fmt.Errorf("clusters are still joined to federation %q: put the release right with: helm rollback %s --namespace=%s; "+
		"then take them out with: %s; or, to leave them behind as they are: kubectl annotate service %s --namespace=%s %s=%s; "+
		"and uninstall again", o.Federation, o.Federation, o.Namespace, strings.Join(unjoin, "; "),
		o.service(), o.Namespace, fedv1beta1.AnnotationTeardown, fedv1beta1.TeardownForce)
}
