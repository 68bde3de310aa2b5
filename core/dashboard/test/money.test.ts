import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOfUsd, exactUsd, perMillion, pico, shortUsd } from '../src/format/money';

test('amounts are shortened without floating point', () => {
  const cases: [string, string][] = [
    ['0', '$0'],
    ['0.000125', '$0.000125'],
    ['0.00012345678', '$0.0001235'],
    ['0.5', '$0.50'],
    ['0.99999', '$1.00'],
    ['1', '$1.00'],
    ['1234567.895', '$1,234,567.90'],
    ['9007199254740993.01', '$9,007,199,254,740,993.01'],
    ['0.000000000001', '$0.000000000001'],
    ['-0.25', '−$0.25'],
  ];
  for (const [amount, shown] of cases) assert.equal(shortUsd(amount), shown, amount);
});

test('all digits are there where they are asked for', () => {
  assert.equal(exactUsd('9007199254740993.000000000001'), '$9007199254740993.000000000001');
  assert.equal(pico('9007199254740993.000000000001'), 9007199254740993000000000001n);
});

test('a change is a ratio of exact amounts', () => {
  assert.equal(changeOfUsd('0.3', '0.2'), 0.5);
  assert.equal(changeOfUsd('0.1', '0.2'), -0.5);
  assert.equal(changeOfUsd('0.1', '0'), null);
});

test('a rate is told for a million', () => {
  assert.equal(perMillion('2500000'), '$2.50');
  assert.equal(perMillion('75000/1'), '$0.075');
  assert.equal(perMillion('1/3'), '$0.0000003333');
});
