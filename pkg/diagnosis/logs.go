package diagnosis

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The end of a log that is read. Our own binaries log no secrets, and upstream's at these levels neither.
const (
	logLines = int64(30)
	logBytes = int64(16 << 10)
)

// lastLine returns the last error in the log of a container, else its last line, "" when there is no log.
func (s *snapshot) lastLine(ctx context.Context, pod, container string, previous bool) string {
	lines, limit := logLines, logBytes
	log, err := s.client.CoreV1().Pods(s.namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, TailLines: &lines, LimitBytes: &limit,
	}).DoRaw(ctx)
	if err != nil {
		return "" // the container never ran, its log is gone, or it may not be read
	}
	return telling(string(log))
}

func telling(log string) string {
	last, lastError := "", ""
	for line := range strings.Lines(log) {
		line = oneLine(line)
		if line == "" {
			continue
		}
		last = line
		for _, prefix := range []string{"error: ", "Error: ", "panic: "} {
			if strings.HasPrefix(line, prefix) {
				lastError = strings.TrimPrefix(strings.TrimPrefix(line, "error: "), "Error: ")
			}
		}
	}
	if lastError != "" {
		return lastError
	}
	return last
}
