package v1beta1

// Condition types of a Cluster.
const (
	// ClusterReady is True while the member answers and says that it is healthy.
	// Only members that are Ready get new work.
	ClusterReady = "Ready"
	// ClusterOffline is True while the member cannot be reached at all.
	ClusterOffline = "Offline"
	// ClusterCredentialValid is True while the credential in the member's Secret can
	// be used; its message says until when.
	ClusterCredentialValid = "CredentialValid"
	// ClusterLeaving is True once the controller manager does nothing more for a
	// member that is annotated with AnnotationLeaving.
	ClusterLeaving = "Leaving"
	// ClusterCopiesHeld is True while copies in the member are not deleted although their sources are gone, because they are too many
	// for that to be meant.
	ClusterCopiesHeld = "CopiesHeld"
)

// Condition types of a DNSZone.
const (
	// DNSZoneReady is True while the zone has the records that it shall have.
	DNSZoneReady = "Ready"
	// DNSZoneRecordsHeld is True while records stay although their Services are gone, because they are too many for that to be meant.
	DNSZoneRecordsHeld = "RecordsHeld"
)

// Reasons of the condition Ready of a DNSZone. That of RecordsHeld is ReasonSourcesMissing.
const (
	// ReasonSynced: the zone was listed, and has the records that it shall have.
	ReasonSynced = "Synced"
	// ReasonStarting: the zone was not listed yet.
	ReasonStarting = "Starting"
	// ReasonZoneNotFound: the provider has no such zone.
	ReasonZoneNotFound = "ZoneNotFound"
	// ReasonZoneAmbiguous: it has several, and it was not said which one is meant.
	ReasonZoneAmbiguous = "ZoneAmbiguous"
	// ReasonConfigInvalid: the provider's configuration cannot be used.
	ReasonConfigInvalid = "ConfigInvalid"
	// ReasonDenied: the provider does not accept the credentials.
	ReasonDenied = "Denied"
	// ReasonUnreachable: the provider does not answer.
	ReasonUnreachable = "Unreachable"
	// ReasonThrottled: the provider wants to be asked less often.
	ReasonThrottled = "Throttled"
	// ReasonFailing: the provider answers, and does not do what it is asked for.
	ReasonFailing = "Failing"
)

// FinalizerPropagation keeps an object of the federation API until its copies are gone.
const FinalizerPropagation = GroupName + "/propagation"

// ReasonSourcesMissing is the reason of the conditions CopiesHeld and RecordsHeld.
const ReasonSourcesMissing = "SourcesMissing"

// ServiceDNS is a condition in the status of a published Service: True while its names are as they should be.
const ServiceDNS = GroupName + "/DNS"

// Reasons of the condition ServiceDNS. All but the first are of status False.
const (
	// ReasonPublished: every zone has the names, and they lead to the members that back the Service.
	ReasonPublished = "Published"
	// ReasonNoBackend: no member backs the Service, so that it has no names.
	ReasonNoBackend = "NoBackend"
	// ReasonConflict: a name belongs to somebody else.
	ReasonConflict = "Conflict"
	// ReasonProviderFailed: the provider has not accepted the change yet.
	ReasonProviderFailed = "ProviderFailed"
	// ReasonRejected: what the Service asks for cannot be published.
	ReasonRejected = "Rejected"
	// ReasonPartial: a part of the names is there.
	ReasonPartial = "Partial"
)

// Reasons of the conditions Ready and Offline. The first four are those of federation v1.
const (
	// ReasonClusterReady: the member answered that it is healthy.
	ReasonClusterReady = "ClusterReady"
	// ReasonClusterNotReady: the member answered that it is not healthy.
	ReasonClusterNotReady = "ClusterNotReady"
	// ReasonClusterReachable: the member answered, whatever it said.
	ReasonClusterReachable = "ClusterReachable"
	// ReasonClusterNotReachable: the member did not answer.
	ReasonClusterNotReachable = "ClusterNotReachable"
	// ReasonClusterNotTried: there is no usable credential or address.
	ReasonClusterNotTried = "ClusterNotTried"
	// ReasonCredentialRejected: the member does not know the credential.
	ReasonCredentialRejected = "CredentialRejected"
	// ReasonCredentialForbidden: the credential may not do what the federation needs.
	ReasonCredentialForbidden = "CredentialForbidden"
)

// Reasons of the condition CredentialValid; ReasonCredentialRejected is another.
const (
	// ReasonCredentialValid: the credential can be used.
	ReasonCredentialValid = "CredentialValid"
	// ReasonRenewalFailed: it can be used still, but the next one was not to be had.
	ReasonRenewalFailed = "RenewalFailed"
	// ReasonCredentialExpired: its life is over.
	ReasonCredentialExpired = "CredentialExpired"
	// ReasonCredentialNotTried: the Secret was not looked at yet.
	ReasonCredentialNotTried = "CredentialNotTried"
	// ReasonSecretNotFound: there is no such Secret, or the Cluster names none.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretForbidden: the controller manager may not read the Secret.
	ReasonSecretForbidden = "SecretForbidden"
	// ReasonSecretNotLabelled: the Secret is not labelled for this very Cluster.
	ReasonSecretNotLabelled = "SecretNotLabelled"
	// ReasonSecretMalformed: the Secret does not hold a credential.
	ReasonSecretMalformed = "SecretMalformed"
)

// ReasonMemberReleased is the reason of the condition Leaving, and of Ready meanwhile.
const ReasonMemberReleased = "MemberReleased"

// Labels.
const (
	// LabelFederation names the federation that an object belongs to.
	LabelFederation = GroupName + "/federation"
	// LabelCluster names the member that an object belongs to. A credentials Secret
	// carries it together with LabelFederation.
	LabelCluster = GroupName + "/cluster"
	// LabelPropagatedBy, on an object in a member, names the federation that put it
	// there. Nothing without it is ever changed or deleted.
	LabelPropagatedBy = GroupName + "/propagated-by"
	// LabelAggregateToMember, on a ClusterRole in a member, adds its rules to what
	// the federation NAMESPACE.NAME may do there.
	LabelAggregateToMember = GroupName + "/aggregate-to-member"
	// LabelZonePrefix, followed by the name of a zone, is a label of a Cluster that
	// has nodes there; its value is "true".
	LabelZonePrefix = "zone." + GroupName + "/"
)

// Annotations.
const (
	// AnnotationAdopt, "true" on an object of the federation API, lets the federation
	// take over objects of the same name that members already have.
	AnnotationAdopt = GroupName + "/adopt"
	// AnnotationPublishedAddresses, on the Secret with the API server's certificate,
	// keeps the external addresses (comma-separated) that every renewal must name again.
	AnnotationPublishedAddresses = GroupName + "/published-addresses"
	// AnnotationAdvertiseAddresses, on the bundled DNS server's Service, are those that the user says lead to it, separated by commas.
	AnnotationAdvertiseAddresses = GroupName + "/advertise-addresses"
	// AnnotationDNSZones, on the ConfigMap of DNSServersSuffix, are the zones that the bundled DNS server serves, separated by commas.
	AnnotationDNSZones = GroupName + "/zones"
	// AnnotationTeardownDNS, on the API server's Service, can say TeardownDNSSkip.
	AnnotationTeardownDNS = GroupName + "/teardown-dns"
	// AnnotationTeardown, on the API server's Service, can say TeardownForce.
	AnnotationTeardown = GroupName + "/teardown"

	// AnnotationFederationUID is the UID of the kube-system namespace of a federation's
	// API: it tells a federation from another one of the same name.
	AnnotationFederationUID = GroupName + "/federation-uid"
	// AnnotationSourceUID, on an object in a member, is the UID of the object of the
	// federation API that it is a copy of.
	AnnotationSourceUID = GroupName + "/source-uid"
	// AnnotationCluster, on the ServiceAccount that a federation uses in a member, is
	// the member's name.
	AnnotationCluster = GroupName + "/cluster"
	// AnnotationClusterUID, on a Cluster, is the UID of the member's kube-system namespace.
	AnnotationClusterUID = GroupName + "/cluster-uid"
	// AnnotationLeaving, on a Cluster, asks the controller manager to end its work on
	// the member; the value says what becomes of the workloads there.
	AnnotationLeaving = GroupName + "/leaving"

	// AnnotationHash, on an object in a member, is that of what was applied.
	AnnotationHash = GroupName + "/hash"
	// AnnotationOrphan, "true" on an object of the federation API that is being deleted, leaves its copies where they are, without marks.
	AnnotationOrphan = GroupName + "/orphan"
	// AnnotationOnImmutable says what happens when a member refuses a change since a field is immutable; see OnImmutableRecreate.
	AnnotationOnImmutable = GroupName + "/on-immutable"
	// AnnotationFederate, "false" on an object of the federation API, keeps it out of all members; "true" on a CustomResourceDefinition
	// (annotation or label) lets it and its instances in.
	AnnotationFederate = GroupName + "/federate"
	// AnnotationPropagation, on an object of the federation API, says for people how far its propagation is.
	AnnotationPropagation = GroupName + "/propagation"
	// AnnotationMembers, on an object of the federation API, says for programs how it stands in members.
	AnnotationMembers = GroupName + "/members"
	// AnnotationDeleteUnsourced, "true" on a Cluster, lets copies there be deleted whose sources are gone, however many they are; on a DNSZone,
	// records whose Services are.
	AnnotationDeleteUnsourced = GroupName + "/delete-unsourced"

	// AnnotationDNS, on a Service of the federation API, says for programs which members its names lead to; see package dnsstate.
	AnnotationDNS = GroupName + "/dns"
	// AnnotationDNSAddresses, on a Service, says where the addresses come from that its names lead to; see DNSAddressesLoadBalancer.
	AnnotationDNSAddresses = GroupName + "/dns-addresses"
	// AnnotationDNSTTL, on a Service, is for how long resolvers may keep its records: seconds, or a length of time such as 30s.
	AnnotationDNSTTL = GroupName + "/dns-ttl"
	// AnnotationDNSDrain takes members out of names: "true" on a Cluster takes that one out of all, a list of members on a Service, or
	// DNSDrainAll, those out of its own.
	AnnotationDNSDrain = GroupName + "/dns-drain"
	// AnnotationNodeAddresses, on a Cluster, are the addresses at which its nodes are reached, separated by commas.
	AnnotationNodeAddresses = GroupName + "/node-addresses"

	// DNSDrainAll is the value of AnnotationDNSDrain on a Service that means all members.
	DNSDrainAll = "*"

	// Values of AnnotationDNSAddresses. DNSAddressesIngressPrefix is followed by the name of a federated Ingress.
	DNSAddressesLoadBalancer  = "load-balancer"
	DNSAddressesExternalIPs   = "external-ips"
	DNSAddressesNodes         = "nodes"
	DNSAddressesIngressPrefix = "ingress/"
	DNSAddressesNone          = "none"

	// OnImmutableRecreate deletes the copy and makes it anew.
	OnImmutableRecreate = "recreate"

	// LeavingKeep and LeavingDelete are the values of AnnotationLeaving.
	LeavingKeep   = "keep"
	LeavingDelete = "delete"

	// TeardownForce lets a federation be deleted that still has members.
	TeardownForce = "force"
	// TeardownDNSSkip lets a federation be deleted without its records at the DNS provider.
	TeardownDNSSkip = "skip"

	// DNSServersSuffix, behind the federation's name, is the name of the ConfigMap of the host cluster that says where the bundled DNS
	// server is reached: its key DNSServersKey has host:port, separated by commas.
	DNSServersSuffix = "-dns-servers"
	DNSServersKey    = "servers"
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
