import { describe, expect, it } from 'vitest';
import { isExponential } from './ambiguity.ts';

describe('isExponential', () => {
  it.each([
    /^(a+)+$/,
    /(a*)*b/,
    /(a|a)*b/,
    /^(\w+\.?)+@/,
    /(a|aa)+$/,
    /(x+x+)+y/,
    /^([a-z]+)*\d/,
    /(a{1,3})*b/,
    /(a(b?|c?)d)*e/,
    /^(?:\w|\d)+$/,
    /^(\s*\w+\s*)*;/,
    /(?=(a+)+b)/,
    /^(([a-z])+.)+[A-Z]([a-z])+$/,
    /(.*)*x/,
    /(A|a)+!/i,
    /^(a?b?)*$/,
  ])('refuses %s, which can match one text in many ways inside a loop', (regex) => {
    expect(isExponential(regex)).toBe(true);
  });

  it.each([
    /a+b/,
    /^\w+(\.\w+)*@/,
    /^[^@]+@[^@]+\.[a-z]+$/i,
    /(ab|cd)+e/,
    /a*a*b/,
    /^(\d{1,3}\.){3}\d{1,3}$/,
    /(.)(.)/,
    /[ \t]+$/,
    /^(a|b)*$/,
    /(a+)+/,
    /(a|ab)(c|bcd)(d*)/,
    /^\+?[0-9 ()-]{6,20}$/,
    /^([A-Z]+-)*[A-Z]+$/,
    /(A|a)+!/,
    /\b(?:Mc|Mac|O')?[A-Z][a-z]+\b/,
    /^(?:[01]\d|2[0-3]):[0-5]\d$/,
    /<[^>]*>/,
    /"(?:[^"\\]|\\.)*"/,
  ])('lets %s pass', (regex) => {
    expect(isExponential(regex)).toBe(false);
  });
});
