// Command alloysyntax parses a file of Grafana Alloy with Alloy's own parser and prints its blocks as JSON.
// Alloy itself cannot be built here; which components and attributes there are obs knows from Alloy's source.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
)

type block struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Line       int      `json:"line"`
	Attributes []string `json:"attributes"`
	References []string `json:"references"`
	Blocks     []block  `json:"blocks"`
}

func newBlock(name, label string, line int) block {
	return block{name, label, line, []string{}, []string{}, []block{}}
}

// fill puts what stands in a body into its block.
func (b *block) fill(body ast.Body) {
	for _, statement := range body {
		switch s := statement.(type) {
		case *ast.AttributeStmt:
			b.Attributes = append(b.Attributes, s.Name.Name)
			ast.Walk(visitor{b}, s.Value)
		case *ast.BlockStmt:
			inner := newBlock(strings.Join(s.Name, "."), s.Label, s.NamePos.Position().Line)
			inner.fill(s.Body)
			b.Blocks = append(b.Blocks, inner)
		}
	}
}

type visitor struct{ block *block }

func (v visitor) Visit(node ast.Node) ast.Visitor {
	if path := reference(node); path != "" {
		v.block.References = append(v.block.References, path)
		return nil
	}
	return v
}

// reference is a chain of names: loki.write.default.receiver.
func reference(node ast.Node) string {
	switch n := node.(type) {
	case *ast.IdentifierExpr:
		return n.Ident.Name
	case *ast.AccessExpr:
		if path := reference(n.Value); path != "" {
			return path + "." + n.Name.Name
		}
	}
	return ""
}

// version is the one of the parser in go.mod, so that it is stated only there.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "github.com/grafana/alloy/syntax" {
			return strings.TrimPrefix(module.Version, "v")
		}
	}
	return "unknown"
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: alloysyntax FILE | --version")
	}
	if arguments[0] == "--version" {
		fmt.Println("alloysyntax " + version())
		return nil
	}
	data, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(arguments[0], data)
	if err != nil {
		return err
	}
	whole := newBlock("", "", 0)
	whole.fill(file.Body)
	return json.NewEncoder(os.Stdout).Encode(whole)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
