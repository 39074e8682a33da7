package main

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// fork replays what happens from a point of the history on if some of its series run otherwise.
func fork(db *tsdb.DB, first *frame, own []*frame, file string, step time.Duration) error {
	folder, err := os.MkdirTemp("", "fork")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	options := tsdb.DefaultHeadOptions()
	options.ChunkDirRoot, options.StripeSize = folder, 64
	head, err := tsdb.NewHead(nil, nil, nil, nil, options, nil)
	if err != nil {
		return err
	}
	defer head.Close()
	from := &forked{db: db, head: head, at: first.At, hidden: map[uint64]bool{}, names: map[string]bool{}}
	made, err := newTape(first.Fork, head, from, file, step)
	if err != nil {
		return err
	}
	for _, hidden := range first.Hidden {
		from.hidden[hidden.Hash()] = true
		from.names[hidden.Get(labels.MetricName)] = true
	}
	made.keep(from.names)
	// A name of which not all is hidden is not cut: only what the rules made of the history is, they make it anew.
	for _, hidden := range first.Hidden {
		delete(from.names, hidden.Get(labels.MetricName))
	}
	for _, frame := range own {
		if err := made.play(frame); err != nil {
			return err
		}
	}
	return nil
}

// keep leaves the rules that read something of these names, or what such a rule makes; of its results the names are
// added. All others would find the history again.
func (t *tape) keep(names map[string]bool) {
	kept := map[rules.Rule]bool{}
	for grown := true; grown; {
		grown = false
		for _, group := range t.groups {
			for _, rule := range group.Rules() {
				_, is := rule.(*rules.RecordingRule)
				// Several rules record one name: who reads it needs the series of all of them.
				if !kept[rule] && (reads(rule.Query(), names) || is && names[rule.Name()]) {
					kept[rule], grown = true, true
					if is {
						names[rule.Name()] = true
					} else {
						names["ALERTS"], names["ALERTS_FOR_STATE"] = true, true
					}
				}
			}
		}
	}
	var groups []*rules.Group
	for _, group := range t.groups {
		own := slices.DeleteFunc(slices.Clone(group.Rules()), func(rule rules.Rule) bool { return !kept[rule] })
		if len(own) > 0 {
			groups = append(groups, rules.NewGroup(rules.GroupOptions{
				Name: group.Name(), File: group.File(), Interval: group.Interval(), Rules: own, Opts: t.options,
			}))
		}
	}
	t.groups = groups
}

func reads(expr parser.Expr, names map[string]bool) bool {
	found := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if selector, is := node.(*parser.VectorSelector); is {
			found = found || selector.Name == "" || names[selector.Name]
		}
		return nil
	})
	return found
}

// forked is the history up to a time, of the hidden series, and all of it of the others; then what is in the head.
type forked struct {
	db     *tsdb.DB
	head   *tsdb.Head
	at     int64
	hidden map[uint64]bool
	names  map[string]bool
}

func (f *forked) Querier(mint, maxt int64) (storage.Querier, error) {
	past, err := f.db.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	now, err := tsdb.NewBlockQuerier(tsdb.NewRangeHead(f.head, mint, maxt), mint, maxt)
	if err != nil {
		past.Close()
		return nil, err
	}
	return storage.NewMergeQuerier([]storage.Querier{cut{past, f}, now}, nil, storage.ChainedSeriesMerge), nil
}

type cut struct {
	storage.Querier
	of *forked
}

func (c cut) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, m ...*labels.Matcher) storage.SeriesSet {
	return &cutSet{c.Querier.Select(ctx, sorted, hints, m...), c.of}
}

type cutSet struct {
	storage.SeriesSet
	of *forked
}

func (c *cutSet) At() storage.Series {
	series := c.SeriesSet.At()
	if c.of.names[series.Labels().Get(labels.MetricName)] || c.of.hidden[series.Labels().Hash()] {
		return cutSeries{series, c.of.at}
	}
	return series
}

func (c *cutSet) Warnings() annotations.Annotations { return c.SeriesSet.Warnings() }

type cutSeries struct {
	storage.Series
	at int64
}

func (c cutSeries) Iterator(again chunkenc.Iterator) chunkenc.Iterator {
	if was, is := again.(*cutIterator); is {
		again = was.Iterator
	}
	return &cutIterator{c.Series.Iterator(again), c.at}
}

type cutIterator struct {
	chunkenc.Iterator
	at int64
}

func (c *cutIterator) Next() chunkenc.ValueType { return c.kept(c.Iterator.Next()) }

func (c *cutIterator) Seek(t int64) chunkenc.ValueType {
	if t >= c.at {
		return chunkenc.ValNone
	}
	return c.kept(c.Iterator.Seek(t))
}

func (c *cutIterator) kept(kind chunkenc.ValueType) chunkenc.ValueType {
	if kind == chunkenc.ValNone || c.AtT() >= c.at {
		return chunkenc.ValNone
	}
	return kind
}
