import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Diagnostic } from '../domain/diagnostic.ts';
import type { ErrorCode } from '../domain/errors/registry.ts';
import { formatPlace, type Place } from '../domain/place.ts';
import { undecodableOf } from '../domain/text-file.ts';
import { indexLines, type LineIndex, type Range } from './line-index.ts';
import { holdsLiteralPassword, holdsReference } from './literal-password.ts';
import type { YamlNode } from './yaml-tree.ts';

export interface ReadingOptions {
  /** As given on the command line; places show it. */
  readonly file: string;
  readonly text: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** `standIn`: a variable that is not set is a notice, and a value of the right form stands in for it. */
  readonly unset: 'refuse' | 'standIn';
}

export interface ReportOptions {
  readonly why?: string;
  /** undefined: the registry's text for the code. */
  readonly fix?: string | undefined;
  readonly severity?: Diagnostic['severity'];
}

/** One reading of one pipeline file: collects problems, remembers where every field stands, and gives access to what is outside the file. */
export class Reading {
  readonly diagnostics: Diagnostic[] = [];
  readonly file: string;
  readonly folder: string;
  readonly environment: ReadingOptions['environment'];
  readonly unset: ReadingOptions['unset'];
  readonly lines: LineIndex;
  /** Ranges whose text YAML misreads: reported once, and what stands in them is not read. */
  readonly broken: Range[] = [];
  /** Path of a field of that name anywhere in the declaration, for a field that stands at the wrong depth. */
  fieldElsewhere: (name: string) => string | undefined = () => undefined;
  readonly #readFile: (path: string) => string;
  readonly #places = new Map<string, Range>();
  readonly #texts = new Map<string, string>();
  readonly #masked: Range[] = [];

  constructor(options: ReadingOptions) {
    this.file = options.file;
    this.folder = dirname(resolve(options.file));
    this.environment = options.environment;
    this.unset = options.unset;
    this.lines = indexLines(options.file, options.text);
    this.#readFile = options.readFile;
  }

  get failed(): boolean {
    return this.diagnostics.some(({ severity }) => severity === 'error');
  }

  report(code: ErrorCode, at: Range | Place, message: string, options: ReportOptions = {}): undefined {
    const { severity = 'error', fix, why } = options;
    const place = 'file' in at ? at : this.lines.place(at);
    this.diagnostics.push({ code, severity, message, place, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) });
    return undefined;
  }

  /** What YAML misread has been reported; reading it would only make noise. */
  isBroken(node: YamlNode): boolean {
    return this.broken.some(([start, end]) => node.range[0] >= start && node.range[1] <= end);
  }

  /** Remembers the place of a field: of its value if that is a scalar, else of its name. */
  remember(path: string, keyRange: Range, value: YamlNode): void {
    this.#places.set(path, value.kind === 'scalar' && value.value !== null ? value.range : keyRange);
  }

  /** The field stands in the file, whatever its value. */
  isWritten(path: string): boolean {
    return this.#places.has(path);
  }

  /** Range of a field by its path; of the nearest parent that is written, if the field is not. */
  rangeOf(path: string): Range {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      const range = this.#places.get(at);
      if (range !== undefined) return range;
    }
    return [0, 0];
  }

  placeOf(path: string): Place {
    return this.lines.place(this.rangeOf(path));
  }

  /** Path of a file named in the pipeline, as places show it: relative to where the command line stands if the pipeline's is. */
  displayPath(path: string): string {
    return isAbsolute(path) ? path : join(dirname(this.file), path);
  }

  absolutePath(path: string): string {
    return resolve(this.folder, path);
  }

  /** Text of a file named in the pipeline, or undefined after a report at `at`. */
  readText(path: string, at: Range): string | undefined {
    const display = this.displayPath(path);
    try {
      const text = stripByteOrderMark(this.#readFile(this.absolutePath(path)));
      this.#texts.set(display, text);
      this.#texts.set(this.absolutePath(path), text);
      return text;
    } catch (error) {
      const bad = undecodableOf(error, display);
      return this.report('PIP-205', at, `${bad === undefined ? display : formatPlace(bad.place)} ${reasonOf(error)}`);
    }
  }

  /** As `readText`, for a file that holds a secret: never shown in a diagnostic. */
  readSecret(path: string, at: Range): string | undefined {
    const text = this.readText(path, at);
    this.#texts.delete(this.displayPath(path));
    this.#texts.delete(this.absolutePath(path));
    return text;
  }

  /** The range is shown as dots when a diagnostic quotes its line. */
  mask(range: Range): void {
    this.#masked.push(range);
  }

  /** Text of a file for rendering diagnostics, secrets masked; undefined for files that were not read. */
  sourceText(file: string): string | undefined {
    return file === this.file ? this.maskedText() : this.#texts.get(file);
  }

  /** Text of the pipeline file in which what is, or by its name may be, a secret is dots of the same length. */
  maskedText(): string {
    let text = this.lines.text.replaceAll(secretLine, (line: string, lead: string, value: string) =>
      isReference(value) ? line : lead + dots(value),
    );
    for (const [start, end] of this.#masked) text = text.slice(0, start) + dots(text.slice(start, end)) + text.slice(end);
    return text;
  }
}

/** Names that say secret, wherever the field stands and whether or not it is known there. */
const secretNames = 'connection|password|passwd|pwd|secret|clientSecret|client_secret|token|apiKey';
const secretLine = new RegExp(`((?:^|[\\s{,])["']?(?:${secretNames})["']?\\s*:[ \\t]+)(\\S[^\\r\\n]*)`, 'gim');

export function isSecretName(name: string): boolean {
  return new RegExp(`^(?:${secretNames})$`, 'i').test(name);
}

/** Holds nothing to hide: a reference, alone or in an address without a literal password, or the name of a file. */
function isReference(value: string): boolean {
  if (/^['"]?\$\{\w+\}/.test(value) || /^\{\s*["']?file["']?\s*:/.test(value)) return true;
  return holdsReference(value) && !holdsLiteralPassword(value);
}

function dots(text: string): string {
  return text.replaceAll(/[^\r\n]/g, '•');
}

export function stripByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Why a file could not be read, in words. */
export function reasonOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a folder';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
