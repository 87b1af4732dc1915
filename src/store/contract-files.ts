import type { PipelineName, RunId } from '../domain/words.ts';

/** Files of a run (hand-off between stages, plan, rejections, report) or of a pipeline (fingerprints). 0600 in a folder, or chunks in the database. */
export interface Files {
  /** Appears whole or not at all; replaces an older one. Answers bytes written. Errors: STO-401 for a name that is no file name everywhere. */
  write(area: FileArea, name: string, chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>): Promise<number>;
  /** undefined when there is no such file. In a database, a file that is replaced while it is read ends with STO-402. */
  read(area: FileArea, name: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  list(area: FileArea): Promise<readonly string[]>;
  /** Renames a run's file into the pipeline's area, replacing the older one. */
  promote(run: RunId, pipeline: PipelineName, name: string): Promise<void>;
  remove(area: FileArea, name: string): Promise<void>;
  /** Where a person finds the file; undefined when it lives in a database. */
  path(area: FileArea, name: string): string | undefined;
}

export type FileArea = { readonly run: RunId } | { readonly pipeline: PipelineName };
