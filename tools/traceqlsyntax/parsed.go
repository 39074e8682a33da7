package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

// parsed answers a JSON list of queries on the standard input with a list of what is wrong with each, "" where nothing is.
// With --version it says that of the parser's module in go.mod, so that it is stated only there.
func parsed(module string, parse func(string) error) {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(version(module))
		return
	}
	var queries []string
	if err := json.NewDecoder(os.Stdin).Decode(&queries); err != nil {
		fail(err)
	}
	answers := make([]string, len(queries))
	for number, query := range queries {
		if err := parse(query); err != nil {
			answers[number] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
