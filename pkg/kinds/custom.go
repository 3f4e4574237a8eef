package kinds

// Definitions is the kind of CustomResourceDefinitions, which is federated whatever else is: those that are marked.
func Definitions() Kind {
	return Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
}
