import { emulatorSwitchesPage } from '../src/emulator/switches-page.ts';
import { outcomesPage } from '../src/entra/outcomes-page.ts';
import { troublesPage } from '../src/entra/doctor/troubles.ts';
import { retryRulesPage } from '../src/entra/retry-rules-page.ts';
import { checkCodes, pageOf, renderCheckPage } from '../src/mapping/check-pages.ts';
import { renderReferencePage } from '../src/jsonata/functions/reference-page.ts';
import { pipelineSchemaFile } from '../src/pipeline/json-schema.ts';
import { pipelineReferencePage } from '../src/pipeline/reference-page.ts';
import { typesPage } from '../src/source/types-page.ts';
import { renderDecisionPage, renderErrorPage, renderExitPage } from './error-pages.ts';
import { renderStoryNumbers } from '../test/stories/numbers.ts';
import { renderGraphCalls } from './graph-calls-page.ts';
import { renderPains } from './pains.ts';
import { renderRowKernel } from './row-kernel.ts';

/** A file that is made from code. `path` is relative to the repository. */
export interface Generator {
  readonly path: string;
  readonly render: () => string | Promise<string>;
}

/** Every generated file. Add yours here; `test/generated.test.ts` holds each to what the code says. */
export const generators: readonly Generator[] = [
  pipelineSchemaFile,
  pipelineReferencePage,
  retryRulesPage,
  outcomesPage,
  troublesPage,
  typesPage,
  emulatorSwitchesPage,
  ...checkCodes().map(({ code, declaration }) => ({ path: pageOf(code), render: () => renderCheckPage(code, declaration) })),
  { path: 'docs/reference/functions.md', render: renderReferencePage },
  { path: 'docs/reference/errors.md', render: renderErrorPage },
  { path: 'docs/reference/exit-codes.md', render: renderExitPage },
  { path: 'docs/reference/graph-calls.md', render: renderGraphCalls },
  { path: 'docs/reference/pains.md', render: renderPains },
  { path: 'docs/reference/decisions.md', render: renderDecisionPage },
  { path: 'docs/reference/stories.md', render: renderStoryNumbers },
  { path: 'src/source/row-kernel-code.ts', render: renderRowKernel },
];
