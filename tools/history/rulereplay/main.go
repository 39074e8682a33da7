// Command rulereplay evaluates rules over a history, as Prometheus would have: its own database, its own rule groups.
//
// The standard input is frames. Each is a line of JSON, then what the line announces in binary, little-endian:
//
//	{"at": 1795046400000, "define": [{"__name__": "up", …}], "ids": 3, "values": 3}
//
// "define" numbers new series from 0 on. "ids" (uint32, null where they stay) says which series the values (float64)
// of this and of the following frames are of; a series that is no more among them, or whose value is NaN, was not there.
//
//	{"fork": "oom-kill", "at": 1795650000000, "hidden": ["up{…}", …]}
//
// What follows up to {"done": true} happens beside the history, from "at" on and without the hidden series of it.
// The standard output says when an alert began and ceased to fire: {"run": "", "at": …, "fires": true, "alert": {…}}.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"

	"tools/history/version"
)

const block = 2 * time.Hour

type frame struct {
	At     int64
	Fork   string
	Hidden []labels.Labels
	Done   bool
	Define []labels.Labels
	IDs    *int
	Values int
	ids    []uint32
	values []float64
}

func read(from *bufio.Reader) (*frame, error) {
	line, err := from.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	var f frame
	if err := json.Unmarshal(line, &f); err != nil {
		return nil, err
	}
	if f.IDs != nil { // none at all is a change, too
		f.ids = make([]uint32, *f.IDs)
		if err := binary.Read(from, binary.LittleEndian, f.ids); err != nil {
			return nil, err
		}
	}
	raw := make([]byte, 8*f.Values)
	if _, err := io.ReadFull(from, raw); err != nil {
		return nil, err
	}
	f.values = make([]float64, f.Values)
	for i := range f.values {
		f.values[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return &f, nil
}

func run() error {
	rules := flag.String("rules", "", "file of rule groups")
	folder := flag.String("data", "", "folder of the database")
	step := flag.Duration("step", time.Minute, "of the history groups are evaluated at most this often; of a fork every minute")
	workers := flag.Int("forks", 2, "how many forks are replayed side by side")
	told := flag.Bool("version", false, "say the version")
	flag.Parse()
	if *told {
		fmt.Println("rulereplay " + version.OfPrometheus())
		return nil
	}
	if *rules == "" || *folder == "" || *step < time.Minute || *step%time.Minute != 0 {
		return errors.New("usage: rulereplay -rules FILE -data FOLDER [-step MINUTES] < FRAMES")
	}
	debug.SetGCPercent(400) // evaluations leave garbage, and memory is there
	options := tsdb.DefaultOptions()
	options.WALSegmentSize, options.RetentionDuration = -1, int64(365*24*time.Hour/time.Millisecond)
	options.MinBlockDuration, options.MaxBlockDuration = block.Milliseconds(), 27*block.Milliseconds()
	db, err := tsdb.Open(*folder, nil, nil, options, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	db.DisableCompactions() // at fixed times instead: every run is the same
	return replay(db, *rules, *step, *workers)
}

// replay reads ahead: whoever makes the history and whoever evaluates it need not wait for each other.
func replay(db *tsdb.DB, rules string, step time.Duration, workers int) error {
	frames, failed := make(chan *frame, 64), make(chan error, 1)
	go func() {
		defer close(frames)
		from := bufio.NewReaderSize(os.Stdin, 1<<20)
		for {
			f, err := read(from)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed <- err
				}
				return
			}
			frames <- f
		}
	}()
	whole, err := newTape("", db, db, rules, step)
	if err != nil {
		return err
	}
	limit, done := make(chan struct{}, workers), sync.WaitGroup{}
	var broken error
	for f := range frames {
		if f.Fork == "" {
			if err := whole.play(f); err != nil {
				return err
			}
			if f.At%block.Milliseconds() == 0 {
				if err := db.Compact(context.Background()); err != nil {
					return err
				}
			}
			continue
		}
		first, own := f, []*frame{}
		for f = range frames {
			if f.Done {
				break
			}
			own = append(own, f)
		}
		limit <- struct{}{}
		done.Go(func() {
			defer func() { <-limit }()
			if err := fork(db, first, own, rules, time.Minute); err != nil {
				out.Lock()
				broken = fmt.Errorf("%s: %w", first.Fork, err)
				out.Unlock()
			}
		})
	}
	done.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return broken
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
