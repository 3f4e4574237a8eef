package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery/internal/fieldset"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// name is that of an object among those of its kind.
type name struct{ namespace, name string }

// sight is what is kept of an object as it was seen at one time. There may be very many of them.
type sight struct {
	uid, source types.UID
	version     uint64 // resourceVersion; 0 if it cannot be compared
	generation  int64
	hash        string
	fields      string // of our apply, as managedFields has them; dropped once they are known to be all that can be had
	digest      uint64 // of fields; 0: none
	share       *shape.Share
	status      json.RawMessage
	external    string // addresses of a Service's spec, with commas between
	scaler      scaler
	ours        bool // label and federation-uid say so
	labelled    bool
	terminating bool
	established bool // a definition whose kind is served
	whole       bool // share and status were looked at
}

// scaler is who has the say over replicas.
type scaler byte

const (
	nobody scaler = iota
	somebody
	autoscaler // of the member
)

// object is as much of an object as is read.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              json.RawMessage `json:"spec"`
	Status            json.RawMessage `json:"status"`
}

// lens reduces objects of a kind to what is kept of them.
type lens struct {
	kind          kinds.Kind
	federation    string
	federationUID types.UID
}

// whole tells whether objects must be read as a whole, rather than their metadata alone.
func (l *lens) whole() bool {
	return l.kind.Status || l.kind.Divided != kinds.Whole || l.kind.ID() == kinds.CRD
}

// metadata reduces an object of which only the metadata are known.
func (l *lens) metadata(m *metav1.ObjectMeta) sight {
	version, _ := strconv.ParseUint(m.ResourceVersion, 10, 64) // 0 is what it means not to be a number
	s := sight{
		uid: m.UID, source: types.UID(m.Annotations[fedv1beta1.AnnotationSourceUID]), version: version, generation: m.Generation,
		hash: m.Annotations[fedv1beta1.AnnotationHash], terminating: m.DeletionTimestamp != nil,
		labelled: m.Labels[fedv1beta1.LabelPropagatedBy] == l.federation,
	}
	s.ours = s.labelled && m.Annotations[fedv1beta1.AnnotationFederationUID] == string(l.federationUID)
	if fields, ok := fieldset.Ours(m.ManagedFields, fieldManager); ok {
		s.fields, s.digest = string(fields), fieldset.Digest(fields)
	}
	if l.kind.Divided == kinds.Replicas {
		switch manager, subresource := fieldset.ReplicasOwner(m.ManagedFields, fieldManager); {
		case manager == "kube-controller-manager" && subresource == "scale":
			s.scaler = autoscaler
		case manager != "":
			s.scaler = somebody
		}
	}
	return s
}

// object reduces an object.
func (l *lens) object(o *object) (sight, error) {
	s := l.metadata(&o.ObjectMeta)
	if !l.whole() {
		return s, nil
	}
	s.whole = true
	if l.kind.Divided != kinds.Whole && len(o.Spec) > 0 {
		share := shape.Share{}
		if err := json.Unmarshal(o.Spec, &share); err != nil { // its fields are named as those of a spec are, but for their case
			return s, fmt.Errorf("spec: %w", err)
		}
		s.share = &share
	}
	switch l.kind.ID() {
	case kinds.CRD:
		s.established = isEstablished(o.Status)
	case "services":
		s.external = externalIPs(o.Spec)
	}
	if l.kind.Status && len(o.Status) > 0 {
		var b bytes.Buffer
		if err := json.Compact(&b, o.Status); err != nil {
			return s, fmt.Errorf("status: %w", err)
		}
		s.status = bytes.Clone(b.Bytes())
	}
	return s, nil
}

// externalIPs are nobody's to trust: a member's people set them where the source does not.
func externalIPs(spec json.RawMessage) string {
	var s struct{ ExternalIPs []string }
	if json.Unmarshal(spec, &s) != nil { // what cannot be read is as good as not said
		return ""
	}
	return strings.Join(s.ExternalIPs, ",")
}

func isEstablished(status json.RawMessage) bool {
	var s struct {
		Conditions []struct{ Type, Status string }
	}
	if json.Unmarshal(status, &s) != nil {
		return false
	}
	for _, c := range s.Conditions {
		if c.Type == "Established" && c.Status == "True" {
			return true
		}
	}
	return false
}
