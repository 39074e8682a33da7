package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
)

// out guards the standard output, which forks share.
var out sync.Mutex

// tape is one history: where its samples go, and the rules that are evaluated over it.
type tape struct {
	run     string
	to      storage.Appendable
	step    time.Duration
	groups  []*rules.Group
	options *rules.ManagerOptions
	series  []labels.Labels
	refs    []storage.SeriesRef
	ids     []uint32
	there   map[uint32]bool
	firing  map[uint64]labels.Labels
}

func newTape(run string, to storage.Appendable, from storage.Queryable, file string, step time.Duration) (*tape, error) {
	read := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: 50_000_000, Timeout: time.Hour, Parser: read,
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
	options := &rules.ManagerOptions{
		QueryFunc:  rules.EngineQueryFunc(engine, from),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		Appendable: to,
		Queryable:  from,
		Parser:     read,
	}
	manager := rules.NewManager(options)
	found, errs := manager.LoadGroups(step, labels.EmptyLabels(), "", nil, false, file)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	made := &tape{run: run, to: to, step: step, options: options, there: map[uint32]bool{}, firing: map[uint64]labels.Labels{}}
	for _, key := range slices.Sorted(keys(found)) {
		for _, rule := range found[key].AlertingRules() {
			rule.SetRestored(true)
		}
		made.groups = append(made.groups, found[key])
	}
	return made, nil
}

func keys[V any](of map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range of {
			if !yield(key) {
				return
			}
		}
	}
}

// play stores the samples of a frame and evaluates every group that is due.
func (t *tape) play(f *frame) error {
	t.series = append(t.series, f.Define...)
	t.refs = append(t.refs, make([]storage.SeriesRef, len(f.Define))...)
	if f.ids != nil {
		t.ids = f.ids
	}
	if len(t.ids) != len(f.values) {
		return fmt.Errorf("at %d: %d values of %d series", f.At, len(f.values), len(t.ids))
	}
	if err := t.store(f); err != nil {
		return err
	}
	at := time.UnixMilli(f.At).UTC()
	for _, group := range t.groups {
		if f.At%max(group.Interval(), t.step).Milliseconds() != 0 {
			continue
		}
		group.Eval(context.Background(), at)
		for _, rule := range group.Rules() {
			if rule.Health() == rules.HealthBad {
				return fmt.Errorf("at %s: rule %s: %w", at, rule.Name(), rule.LastError())
			}
		}
	}
	return t.tell(f.At)
}

// store also marks as stale what is there no more, as a scrape does.
func (t *tape) store(f *frame) (err error) {
	appender := t.to.Appender(context.Background())
	add := func(id uint32, v float64) {
		if err == nil {
			t.refs[id], err = appender.Append(t.refs[id], t.series[id], f.At, v)
		}
	}
	stale := math.Float64frombits(value.StaleNaN)
	if f.ids != nil {
		now := make(map[uint32]bool, len(f.ids))
		for _, id := range f.ids {
			now[id] = true
		}
		for id := range t.there {
			if !now[id] {
				add(id, stale)
				delete(t.there, id)
			}
		}
	}
	for i, id := range t.ids {
		switch v := f.values[i]; {
		case !math.IsNaN(v):
			add(id, v)
			t.there[id] = true
		case t.there[id]:
			add(id, stale)
			delete(t.there, id)
		}
	}
	if err != nil {
		return err
	}
	return appender.Commit()
}

// tell says which alerts began or ceased to fire.
func (t *tape) tell(at int64) error {
	now := map[uint64]labels.Labels{}
	for _, group := range t.groups {
		for _, rule := range group.AlertingRules() {
			for _, alert := range rule.ActiveAlerts() {
				if alert.State == rules.StateFiring {
					now[alert.Labels.Hash()] = alert.Labels
				}
			}
		}
	}
	for hash, alert := range now {
		if _, known := t.firing[hash]; !known {
			if err := t.say(at, true, alert); err != nil {
				return err
			}
		}
	}
	for hash, alert := range t.firing {
		if _, still := now[hash]; !still {
			if err := t.say(at, false, alert); err != nil {
				return err
			}
		}
	}
	t.firing = now
	return nil
}

func (t *tape) say(at int64, fires bool, alert labels.Labels) error {
	line, err := json.Marshal(map[string]any{"run": t.run, "at": at, "fires": fires, "alert": alert})
	if err != nil {
		return err
	}
	out.Lock()
	defer out.Unlock()
	_, err = fmt.Fprintf(os.Stdout, "%s\n", line)
	return err
}
