// Package version says what the programs of this module are built with.
package version

import (
	"fmt"
	"runtime/debug"
)

// OfPrometheus is Prometheus' own version, whose module 3.15.0 is v0.315.0.
func OfPrometheus() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/prometheus/prometheus" {
			var minor, patch int
			if _, err := fmt.Sscanf(module.Version, "v0.%d.%d", &minor, &patch); err == nil {
				return fmt.Sprintf("%d.%d.%d", minor/100, minor%100, patch)
			}
		}
	}
	return "unknown"
}
