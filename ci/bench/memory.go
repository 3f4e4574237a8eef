package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// memory is the most that the control plane held at one time, in bytes, by container and in all.
type memory struct {
	total      uint64
	containers map[string]uint64
}

// summary is what of a kubelet's statistics counts here.
type summary struct {
	Pods []struct {
		PodRef struct {
			Namespace string `json:"namespace"`
		} `json:"podRef"`
		Containers []struct {
			Name   string `json:"name"`
			Memory struct {
				WorkingSetBytes uint64 `json:"workingSetBytes"`
			} `json:"memory"`
		} `json:"containers"`
	} `json:"pods"`
}

// watchMemory looks at the working sets of the benchmark's namespace every few seconds, while nobody uses the federation.
func (b bench) watchMemory(ctx context.Context, idle time.Duration) (memory, error) {
	var peak memory
	for end := time.Now().Add(idle); time.Now().Before(end); {
		now, err := b.memory(ctx)
		if err != nil {
			return peak, err
		}
		if now.total > peak.total {
			peak = now
		}
		select {
		case <-ctx.Done():
			return peak, ctx.Err()
		case <-time.After(3 * time.Second):
		}
	}
	return peak, nil
}

func (b bench) memory(ctx context.Context) (memory, error) {
	m := memory{containers: map[string]uint64{}}
	names, err := b.kubectl(ctx, b.host, "get", "nodes", "--output=jsonpath={.items[*].metadata.name}")
	if err != nil {
		return m, err
	}
	for _, node := range strings.Fields(names) {
		raw, err := b.kubectl(ctx, b.host, "get", "--raw", "/api/v1/nodes/"+node+"/proxy/stats/summary")
		if err != nil {
			return m, err
		}
		var s summary
		if err := json.Unmarshal([]byte(raw), &s); err != nil {
			return m, fmt.Errorf("statistics of node %s: %w", node, err)
		}
		for _, pod := range s.Pods {
			if pod.PodRef.Namespace != b.namespace {
				continue
			}
			for _, c := range pod.Containers {
				m.containers[c.Name] += c.Memory.WorkingSetBytes
				m.total += c.Memory.WorkingSetBytes
			}
		}
	}
	return m, nil
}
