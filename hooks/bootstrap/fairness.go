package bootstrap

import (
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// leaderElection gives the renewal of the controller manager's Lease the way that Kubernetes' own controllers have: without it, the renewal
// would wait behind the state that the same user writes, by the thousand when much is propagated, and the leader could lose its Lease for
// being busy.
func leaderElection() *flowcontrolv1.FlowSchema {
	const precedence = 150 // after Kubernetes' own, which are for other users, and before those for anybody
	return &flowcontrolv1.FlowSchema{
		TypeMeta:   metav1.TypeMeta{APIVersion: flowcontrolv1.SchemeGroupVersion.String(), Kind: "FlowSchema"},
		ObjectMeta: metav1.ObjectMeta{Name: electionName, Labels: labels()},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: "leader-election"},
			MatchingPrecedence:         precedence,
			DistinguisherMethod:        &flowcontrolv1.FlowDistinguisherMethod{Type: flowcontrolv1.FlowDistinguisherMethodByUserType},
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{
					Kind: flowcontrolv1.SubjectKindUser, User: &flowcontrolv1.UserSubject{Name: controllerManager},
				}},
				ResourceRules: []flowcontrolv1.ResourcePolicyRule{{
					APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"},
					Verbs: []string{"get", "create", "update", "patch"}, Namespaces: []string{leaseNamespace},
				}},
			}},
		},
	}
}
