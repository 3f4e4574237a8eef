package v1beta1

// Condition types of a Cluster.
const (
	// ClusterReady is True while the member answers and says that it is healthy.
	// Only members that are Ready get new work.
	ClusterReady = "Ready"
	// ClusterOffline is True while the member cannot be reached at all.
	ClusterOffline = "Offline"
)

// Reasons of a Cluster's conditions. They are those of federation v1.
const (
	// ReasonClusterReady: the member answered that it is healthy.
	ReasonClusterReady = "ClusterReady"
	// ReasonClusterNotReady: the member answered that it is not healthy.
	ReasonClusterNotReady = "ClusterNotReady"
	// ReasonClusterReachable: the member answered, whatever it said.
	ReasonClusterReachable = "ClusterReachable"
	// ReasonClusterNotReachable: the member did not answer.
	ReasonClusterNotReachable = "ClusterNotReachable"
)

// Labels.
const (
	// LabelFederation names the federation that an object belongs to.
	LabelFederation = GroupName + "/federation"
	// LabelCluster names the member that an object belongs to. A credentials Secret
	// carries it together with LabelFederation.
	LabelCluster = GroupName + "/cluster"
)

// Annotations.
const (
	// AnnotationAdopt, "true" on an object of the federation API, lets the federation
	// take over objects of the same name that members already have.
	AnnotationAdopt = GroupName + "/adopt"
	// AnnotationPublishedAddresses, on the Secret with the API server's certificate,
	// keeps the external addresses (comma-separated) that every renewal must name again.
	AnnotationPublishedAddresses = GroupName + "/published-addresses"
	// AnnotationTeardown, on the API server's Service, can say TeardownForce.
	AnnotationTeardown = GroupName + "/teardown"

	// TeardownForce lets a federation be deleted that still has members.
	TeardownForce = "force"
)

// Annotations of federation v1, which keep their names and formats.
const (
	// AnnotationV1FederationName names the federation, on objects made in host and members.
	AnnotationV1FederationName = "federation.alpha.kubernetes.io/federation-name"
	// AnnotationV1ClusterName names the member, on objects made for one member.
	AnnotationV1ClusterName = "federation.alpha.kubernetes.io/cluster-name"
	// AnnotationV1ClusterSelector says which members get an object, by their labels.
	AnnotationV1ClusterSelector = "federation.alpha.kubernetes.io/cluster-selector"
	// AnnotationV1ReplicaSetPreferences spreads a ReplicaSet's replicas over members.
	AnnotationV1ReplicaSetPreferences = "federation.kubernetes.io/replica-set-preferences"
	// AnnotationV1DeploymentPreferences spreads a Deployment's replicas over members.
	AnnotationV1DeploymentPreferences = "federation.kubernetes.io/deployment-preferences"
	// AnnotationV1JobPreferences spreads a Job's parallelism and completions over members.
	AnnotationV1JobPreferences = "federation.kubernetes.io/job-preferences"
)
