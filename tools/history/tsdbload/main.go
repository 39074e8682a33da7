// Command tsdbload writes blocks of Prometheus' database from descriptions of series: histories that no scrape has time for.
//
// One series a line on the standard input, as JSON:
//
//	{"labels": {"__name__": "up", …}, "kind": "wave", "numbers": [1, 0.05, 300, 0], "fine": 6}
//
// In its last “fine“ hours a series has a sample every -step seconds, before every -coarse seconds.
// fixed: value. growth: a second. events: a minute, share, each, phase. wave: mean, swing, period, phase. clock: seconds
// ago. Counters count from the first sample. They are the values of obs/simulate/values.py.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"tools/history/version"
)

const (
	block   = int64(2 * 3600 * 1000)
	writers = 2
)

type series struct {
	labels labels.Labels
	at     func(seconds, since float64) float64
	fine   int64
}

func value(kind string, n []float64) (func(now, since float64) float64, error) {
	wanted := map[string]int{"fixed": 1, "growth": 1, "events": 4, "wave": 4, "clock": 1}
	if count, known := wanted[kind]; !known || count != len(n) {
		return nil, fmt.Errorf("kind %q with %d numbers", kind, len(n))
	}
	switch kind {
	case "growth":
		return func(_, since float64) float64 { return math.Round(n[0]*since*1e6) / 1e6 }, nil
	case "events":
		return func(_, since float64) float64 { return math.Floor(n[0]/60*since*n[1]+n[3]) * n[2] }, nil
	case "wave":
		return func(now, _ float64) float64 {
			return math.Round(n[0]*(1+n[1]*math.Sin(2*math.Pi*(now/n[2]+n[3])))*1e3) / 1e3
		}, nil
	case "clock":
		return func(now, _ float64) float64 { return now - n[0] }, nil
	}
	return func(_, _ float64) float64 { return n[0] }, nil
}

func read(from io.Reader) ([]series, error) {
	var found []series
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct {
			Labels  map[string]string
			Kind    string
			Numbers []float64
			Fine    int64
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(found)+1, err)
		}
		at, err := value(line.Kind, line.Numbers)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(found)+1, err)
		}
		found = append(found, series{labels.FromMap(line.Labels), at, line.Fine})
	}
	return found, lines.Err()
}

// span is the samples of one block from "from" (included) on; last is the end of all, all in milliseconds.
type span struct{ from, last, step, coarse, epoch int64 }

func write(folder string, all []series, s span) (int64, error) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	writer, err := tsdb.NewBlockWriter(quiet, folder, 2*block)
	if err != nil {
		return 0, err
	}
	defer writer.Close()
	refs, written := make([]storage.SeriesRef, len(all)), int64(0)
	// Samples of one coarse step at a time: an appender keeps what is not committed.
	for from := s.from; from < s.from+block; from += s.coarse {
		appender := writer.Appender(context.Background())
		for i := range all {
			step := s.coarse
			if s.from >= s.last-all[i].fine*3_600_000 {
				step = s.step
			}
			for t := from; t < from+s.coarse; t += step {
				v := all[i].at(float64(t)/1000, float64(t-s.epoch)/1000)
				if refs[i], err = appender.Append(refs[i], all[i].labels, t, v); err != nil {
					return 0, fmt.Errorf("%s: %w", all[i].labels, err)
				}
				written++
			}
		}
		if err := appender.Commit(); err != nil {
			return 0, err
		}
	}
	_, err = writer.Flush(context.Background())
	return written, err
}

func run() error {
	folder := flag.String("out", "", "folder of the blocks")
	end := flag.Int64("end", 0, "unix seconds of the last sample, a multiple of 7200")
	hours := flag.Int64("hours", 24, "length of the history; even")
	step := flag.Int64("step", 30, "seconds")
	coarse := flag.Int64("coarse", 300, "seconds; a block has a whole number of them")
	told := flag.Bool("version", false, "say the version")
	flag.Parse()
	if *told {
		fmt.Println("tsdbload " + version.OfPrometheus())
		return nil
	}
	if *folder == "" || *end <= 0 || *end%7200 != 0 || *hours%2 != 0 || 7200%*coarse != 0 || *coarse%*step != 0 {
		return fmt.Errorf("usage: tsdbload -out FOLDER -end SECONDS < SERIES; -end and -hours are whole blocks of 2 h")
	}
	all, err := read(os.Stdin)
	if err != nil {
		return err
	}
	last := *end * 1000
	epoch := last - *hours*3_600_000
	blocks, failed, done := make(chan span), make(chan error, writers), sync.WaitGroup{}
	for range writers {
		done.Go(func() {
			for s := range blocks {
				written, err := write(*folder, all, s)
				if err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d series, %d samples\n", len(all), written)
			}
		})
	}
	go func() {
		defer close(blocks)
		for from := epoch; from < last; from += block {
			blocks <- span{from, last, *step * 1000, *coarse * 1000, epoch}
		}
	}()
	done.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
