import type { Span } from '../../../manifests/span';

/** A statement of SQL, or a command of psql between them. */
export type SqlStatement =
  | CreatePublication
  | CreateSubscription
  | RoleStatement
  | DatabaseStatement
  | GrantStatement
  | TransactionStatement
  | DoStatement
  | PsqlCommand
  | OtherStatement;

/** Where a statement stands. */
export interface StatementContext {
  /** Without the semicolon. */
  readonly span: Span;
  /** Between `BEGIN` and `COMMIT`. */
  readonly inTransaction: boolean;
  /** Inside `DO` or the body of a function, which also is inside a transaction. */
  readonly inDo: boolean;
  /** After `IF … THEN`, or in a query for `\gexec` with a condition. */
  readonly conditional: boolean;
  /** Its text comes from a literal that `EXECUTE` or `\gexec` runs. `\gexec` is outside a transaction. */
  readonly dynamic: 'execute' | 'gexec' | undefined;
}

export interface CreatePublication extends StatementContext {
  readonly kind: 'create-publication';
  readonly name: SqlName;
  /** `FOR ALL TABLES`, for which PostgreSQL wants a superuser. */
  readonly allTables: boolean;
  /** The tables that `FOR TABLE` names, without their schema; undefined for a publication of whole schemas or of all. */
  readonly tables: readonly string[] | undefined;
}

export interface CreateSubscription extends StatementContext {
  readonly kind: 'create-subscription';
  readonly name: SqlName;
  /** Undefined when the statement does not tell, for one because it is built in a way that is not understood. */
  readonly connection: SqlConnection | undefined;
  readonly publications: readonly SqlName[];
  /** `WITH (create_slot = false)`. */
  readonly options: readonly { readonly name: string; readonly value: string; readonly span: Span }[];
}

/** A libpq connection string (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). */
export interface SqlConnection {
  readonly text: string;
  readonly span: Span;
  readonly host: SqlName | undefined;
  readonly port: SqlName | undefined;
  readonly database: SqlName | undefined;
  readonly user: SqlName | undefined;
  readonly password: SqlName | undefined;
}

/** `CREATE|ALTER|DROP USER|ROLE`. */
export interface RoleStatement extends StatementContext {
  readonly kind: 'role';
  readonly action: 'create' | 'alter' | 'drop';
  readonly type: 'user' | 'role' | 'group';
  readonly name: SqlName;
  /** In upper case: `REPLICATION`, `SUPERUSER`, `LOGIN`. */
  readonly options: readonly string[];
  readonly password: SqlName | undefined;
  /** `CONNECTION LIMIT n`. */
  readonly connectionLimit: SqlName | undefined;
  /** `ALTER ROLE x SET name TO value`. */
  readonly setting: SqlSetting | undefined;
}

/** A parameter that each session of a role or a database begins with. */
export interface SqlSetting {
  /** In lower case. */
  readonly name: string;
  readonly value: SqlName;
}

/** `CREATE|ALTER|DROP DATABASE`. */
export interface DatabaseStatement extends StatementContext {
  readonly kind: 'database';
  readonly action: 'create' | 'alter' | 'drop';
  readonly name: SqlName;
  /** `OWNER x` of `CREATE`, `OWNER TO x` of `ALTER`. */
  readonly owner: SqlName | undefined;
  /** What follows `ENCODING`, `TEMPLATE`, `LOCALE`, `LC_COLLATE` and `LC_CTYPE`, which are in lower case here. */
  readonly options: ReadonlyMap<string, SqlName>;
  readonly connectionLimit: SqlName | undefined;
  /** `ALTER DATABASE x SET name TO value`. */
  readonly setting: SqlSetting | undefined;
}

/** `GRANT` and `REVOKE`. */
export interface GrantStatement extends StatementContext {
  readonly kind: 'grant' | 'revoke';
  /** In upper case; for a grant of roles, the roles as they stand. */
  readonly privileges: readonly string[];
  /** In upper case: `DATABASE`, `SCHEMA`, `TABLE`, `ALL TABLES IN SCHEMA`; undefined for a grant of roles. */
  readonly on: string | undefined;
  readonly objects: readonly SqlName[];
  readonly roles: readonly SqlName[];
}

export interface TransactionStatement extends StatementContext {
  readonly kind: 'begin' | 'commit' | 'rollback';
}

export interface DoStatement extends StatementContext {
  readonly kind: 'do';
}

/** A command of psql, such as `\connect db`. */
export interface PsqlCommand extends StatementContext {
  readonly kind: 'psql';
  /** With the backslash. */
  readonly command: string;
  readonly arguments: string;
}

export interface OtherStatement extends StatementContext {
  readonly kind: 'other';
  /** Its first words in upper case, such as `ALTER SYSTEM SET`. */
  readonly keywords: string;
}

/** A name or value. An expansion of a shell or template stands in it as it is written. */
export interface SqlName {
  readonly text: string;
  /** Without quotes. */
  readonly span: Span;
  /** It is one of psql's variables (`:name`); `text` is the variable's name. */
  readonly isVariable: boolean;
}
