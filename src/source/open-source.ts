import { JoineryError } from '../domain/error.ts';
import type { SourceDeclaration } from '../pipeline/pipeline.ts';
import type { Source, SourceOptions } from './contract.ts';

/**
 * Opens the source of a pipeline: reads the connection string, connects, and looks at the columns, so that what is wrong with any of them is known before
 * a run begins. Of drivers only the one that is needed is loaded. Errors: JoineryError with SRC-1xx and SRC-2xx codes.
 */
export async function openSource(declaration: SourceDeclaration, options: SourceOptions = {}): Promise<Source> {
  switch (declaration.type) {
    case 'postgres':
      return (await import('./postgres.ts')).openPostgres(declaration, options);
    case 'mssql':
      return (await import('./mssql.ts')).openMssql(declaration, options);
    case 'csv': {
      const { openCsvSource } = await import('./csv.ts');
      return openCsvSource(declaration);
    }
    default:
      return refuseType(declaration);
  }
}

/** Only a caller without types gets here. */
function refuseType(declaration: never): never {
  throw new JoineryError('SRC-106', `source.type is not supported: ${JSON.stringify(Reflect.get(declaration, 'type'))}`);
}
