import type { Connection, Submittable } from 'pg';

/** A column as RowDescription tells it: a domain is already its base type. Source: PostgreSQL documentation, "Message Formats". */
export interface PostgresField {
  readonly name: string;
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

/** Parse and Describe: the columns of a statement without running it. Undefined: it returns no rows. */
export class DescribeStatement implements Submittable {
  readonly result: Promise<readonly PostgresField[] | undefined>;
  readonly #text: string;
  #resolve: (fields: readonly PostgresField[] | undefined) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #fields: readonly PostgresField[] | undefined;

  constructor(text: string) {
    this.#text = text;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    connection.parse({ text: this.#text, name: '', types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription(message: { readonly fields: readonly PostgresField[] }): void {
    this.#fields = message.fields;
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#fields);
  }
}
