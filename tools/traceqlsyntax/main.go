// Command traceqlsyntax parses TraceQL with Tempo's own parser: one query a line on the standard input, and on the
// standard output "ok" or what is wrong with it. Tempo itself cannot be built here.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/grafana/tempo/pkg/traceql"
)

// version is the one of the parser in go.mod, so that it is stated only there.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/grafana/tempo" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("traceqlsyntax " + version())
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if _, err := traceql.Parse(lines.Text()); err != nil {
			fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println("ok")
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
