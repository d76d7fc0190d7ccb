import { expect, it } from '@jest/globals';
import { fileNameOf } from '../src/http/file-name.ts';

it.each([
  ['x'.repeat(300), 'x'.repeat(200)],
  [`${'契約書'.repeat(70)}.pdf`, `${'契約書'.repeat(65)}契.pdf`],
  [`${'x'.repeat(300)}.tar`, `${'x'.repeat(196)}.tar`],
  [`x.${'y'.repeat(300)}`, `x.${'y'.repeat(198)}`],
  [`${'x'.repeat(195)}👩‍👧.pdf`, `${'x'.repeat(195)}.pdf`],
  [`${'x'.repeat(195)}🇩🇪.pdf`, `${'x'.repeat(195)}.pdf`],
  [`${'x'.repeat(195)}e\u0301\u0301.pdf`, `${'x'.repeat(195)}.pdf`],
  [`e${'\u0301'.repeat(300)}.pdf`, `e${'\u0301'.repeat(195)}.pdf`],
  ['👩'.repeat(150), '👩'.repeat(100)],
  [`${'x'.repeat(199)}👩`, 'x'.repeat(199)],
])('cuts %j before its ending and between letters', (given, name) => {
  expect(fileNameOf(given)).toBe(name);
});

it.each([
  ['invoice\u202Efdp.exe', 'invoicefdp.exe'],
  ['a\u2066b\u2069c\u200Ed\u061C.txt', 'abcd.txt'],
  ['a\r\nb\u0000\u0085c\u2028.txt', 'abc.txt'],
  ['\uFEFFa.txt', 'a.txt'],
  ['a\uD800b.txt', 'ab.txt'],
  ['👩‍👧 می‌خواهم.txt', '👩‍👧 می‌خواهم.txt'],
])('removes from %j what is hidden', (given, name) => {
  expect(fileNameOf(given)).toBe(name);
});

it.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\paper.pdf', 'paper.pdf'],
  ['', 'file'],
  ['\u202E', 'file'],
  ['.env', '.env'],
])('takes %j as %j', (given, name) => {
  expect(fileNameOf(given)).toBe(name);
});
