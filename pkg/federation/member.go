package federation

// What a federation's member is made of, in the host cluster and in the member. Names of federations and of members have
// no dots, so that theirs are unambiguous.

// MemberObject is the name of a member's Secret, Role, RoleBinding and Lease in the host cluster, unless --secret-name says otherwise.
func (r Ref) MemberObject(cluster string) string { return r.Name + "." + cluster }

// MemberRelease is the name of the Helm release in a member, and of the ServiceAccount that the federation uses there.
func (r Ref) MemberRelease() string { return r.Name + "-member" }

// Resolver is the name of the Service in a member that answers the federation's names.
func (r Ref) Resolver() string { return r.Name + "-resolver" }

// ControllerManager is the name of the controller manager's Deployment and ServiceAccount.
func (r Ref) ControllerManager() string { return r.Name + "-controller-manager" }

// MemberClusterRole is the name of the ClusterRole in a member that says what the federation may do there.
func (r Ref) MemberClusterRole() string { return "fedhelm:" + r.Namespace + ":" + r.Name + ":member" }
