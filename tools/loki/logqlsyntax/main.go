// Command logqlsyntax parses LogQL with Loki's own parser, whose imports are half of Loki: it is built beside loki.
package main

import "github.com/grafana/loki/v3/pkg/logql/syntax"

func main() {
	parsed("github.com/grafana/loki/v3", func(query string) error {
		_, err := syntax.ParseExpr(query)
		return err
	})
}
