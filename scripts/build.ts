import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

/** `npm run build`: `dist/` as it is published, the bundled JavaScript and the declarations beside it. */
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dist');
rmSync(folder, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
await bundle(folder);
