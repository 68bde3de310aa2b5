// One chart of uPlot, with its numbers in a table for those who want to read them.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Bucket } from '../api/types';
import { dayOf, fullTime, hourOf, timeOfDay } from '../format/text';
import type { ChartSpec } from './series';

const HEIGHT = 180;
/** In seconds. */
const DAY = 86_400;

interface Props {
  spec: ChartSpec;
  buckets: Bucket[];
  /** Charts are drawn anew with it: their colours are the page's. */
  theme: string;
}

export function Chart({ spec, buckets, theme }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // What the legend says is read when the cursor moves, long after it was drawn.
  const shown = useRef(buckets);
  shown.current = buckets;

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    const drawn = new uPlot(options(spec, shown, element), data(spec, buckets), element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [spec, theme]);
  useEffect(() => plot.current?.setData(data(spec, buckets)), [spec, buckets]);

  return (
    <figure class="chart" data-chart={spec.title}>
      <figcaption>{spec.title}</figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${spec.title} over time; the numbers follow as a table`} />
      <Numbers spec={spec} buckets={buckets} />
    </figure>
  );
}

function Numbers({ spec, buckets }: { spec: ChartSpec; buckets: Bucket[] }) {
  return (
    <details>
      <summary>Numbers</summary>
      <div class="numbers" tabIndex={0}>
        <table>
          <thead><tr><th scope="col">From</th>{spec.lines.map((line) => <th key={line.name} scope="col">{line.name}</th>)}</tr></thead>
          <tbody>
            {buckets.map((bucket) => (
              <tr key={bucket.start}>
                <th scope="row"><time dateTime={bucket.start}>{dayOf(bucket.start)} {timeOfDay(bucket.start)}</time></th>
                {spec.lines.map((line) => <td key={line.name}>{line.value(bucket)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function data(spec: ChartSpec, buckets: Bucket[]): uPlot.AlignedData {
  return [buckets.map((bucket) => Date.parse(bucket.start) / 1000), ...spec.lines.map((line) => buckets.map(line.height))];
}

/** From the first bucket's start to the last one's end: all are of one length, but for days on which clocks change. */
function span(starts: number[]): [number, number] {
  const [last = 0, before = last - 300] = starts.slice(-2).reverse();
  return [starts[0] ?? 0, last + (last - before)];
}

/** The time of day, and the day where a new one begins. */
function ticks(seconds: number[], step: number): string[] {
  return seconds.map((second, index) => {
    const at = new Date(second * 1000).toISOString();
    const day = dayOf(at);
    const before = seconds[index - 1];
    const isNew = before === undefined || dayOf(new Date(before * 1000).toISOString()) !== day;
    if (step >= DAY) return day;
    return isNew ? `${hourOf(at)}\n${day}` : hourOf(at);
  });
}

function options(spec: ChartSpec, shown: { current: Bucket[] }, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const isBars = spec.shape === 'bars';
  const axis = {
    stroke: colour('--text-soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
    font: '11px system-ui, sans-serif',
  };
  const said = (at: number | null | undefined, say: (bucket: Bucket) => string) => {
    const bucket = at === null || at === undefined ? undefined : shown.current[at];
    return bucket ? say(bucket) : '–';
  };
  return {
    width: element.clientWidth || 300,
    height: HEIGHT,
    cursor: { y: false, points: { show: !isBars } },
    legend: { live: true },
    scales: {
      x: { range: () => span(shown.current.map((bucket) => Date.parse(bucket.start) / 1000)) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [{ ...axis, values: (_, seconds, __, ___, step) => ticks(seconds, step) }, { ...axis, size: 58, values: (_, heights) => heights.map(spec.axis) }],
    series: [
      { label: 'from', value: (_, __, ___, at) => said(at, (bucket) => fullTime(bucket.start)) },
      ...spec.lines.map((line): uPlot.Series => ({
        label: line.name,
        stroke: colour(line.colour),
        width: isBars ? 0 : 2,
        value: (_, __, ___, at) => said(at, line.value),
        points: { show: !isBars, size: 5 },
        ...(isBars && { fill: colour(line.colour), paths: uPlot.paths.bars?.({ size: [0.85, 60], align: 1 }) as uPlot.Series.PathBuilder }),
      })),
    ],
  };
}
