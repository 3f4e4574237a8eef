// Package pki is the hook that makes the Secrets of a control plane: its
// authorities, certificates, internal kubeconfigs, token and password.
//
// Run makes what is missing and renews what is due, and nothing else; it may be
// run again after it was killed at any point, and by several at once. The
// authorities (Secret R-ca) are written first; everything else follows from them.
//
// # Changing an authority
//
// A new authority takes over in steps, one or more runs apart, so that whoever
// has a certificate is trusted by everybody at every moment:
//
//  1. announced: the new authority is in every bundle, behind the one that signs;
//     what reads a bundle only when it starts is rolled;
//  2. promoted, at the earliest an hour later and when all pods are rolled: the
//     new one signs, every leaf is made anew, both are trusted. Leaves carry the
//     new authority's certificate signed by the old one too, for the sake of
//     kubeconfigs that were copied elsewhere and know only the old one;
//  3. dropped: the old one leaves the bundles when it has expired, or at once
//     where Options.Distrust asks for it.
//
// Options.Rotate only announces: a run that is asked for a change does not
// promote, so that it can be tried again without asking for one more.
//
// What the step is can be read from the Secrets, so no run depends on the one
// before having ended well.
package pki
