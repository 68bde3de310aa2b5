// Which rows of a long list are in sight: @tanstack/virtual-core as a hook.
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from '@tanstack/virtual-core';
import { type RefObject } from 'preact';
import { useLayoutEffect, useReducer, useState } from 'preact/hooks';

interface Options {
  scroller: RefObject<HTMLElement>;
  count: number;
  height: number;
  keyOf: (index: number) => string;
}

export function useRows({ scroller, count, height, keyOf }: Options): Virtualizer<HTMLElement, Element> {
  const [, redraw] = useReducer((version: number) => version + 1, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: keyOf,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined),
  };
  const [rows] = useState(() => new Virtualizer<HTMLElement, Element>(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), []);
  useLayoutEffect(() => rows._willUpdate());
  useLayoutEffect(() => rows.measure(), [height]);
  return rows;
}
