// Command traceqlsyntax parses TraceQL with Tempo's own parser. Tempo itself cannot be built here.
package main

import "github.com/grafana/tempo/pkg/traceql"

func main() {
	parsed("github.com/grafana/tempo", func(query string) error {
		_, err := traceql.Parse(query)
		return err
	})
}
