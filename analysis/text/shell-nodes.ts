import type { Span } from '../../manifests/span';
import type { ShellHeredoc, ShellWord } from './shell-words';

/**
 * A shell script as its commands, in the order in which they are written. A POSIX `sh` script reads as Bash.
 * Spans are of the text that was given, also for commands inside `sh -c '…'` and `$(…)`.
 */
export interface ShellScript {
  readonly text: string;
  readonly shebang: string | undefined;
  /** The script's statements as a tree. `runShell` goes through them in the order in which they run. */
  readonly nodes: readonly ShellNode[];
  /** Every simple command once: those of functions and substitutions where they are written. */
  readonly commands: readonly ShellCommand[];
  /** Every `NAME=value`, in order; those before a command (`NAME=value cmd`) are the command's too. */
  readonly assignments: readonly ShellAssignment[];
  /** By name. A command calls one when `functions.has(command.name)`. */
  readonly functions: ReadonlyMap<string, ShellFunction>;
  /** What `set -e`, `set -u` and `set -o pipefail` switch on, with the place that does so. */
  readonly options: {
    readonly errexit: Span | undefined;
    readonly nounset: Span | undefined;
    readonly pipefail: Span | undefined;
  };
  /**
   * What the parser could not read. The rest of the script is there nevertheless. `nested` is what stands in `$(…)` or in
   * the script of another shell.
   */
  readonly problems: readonly { readonly message: string; readonly span: Span; readonly nested: boolean }[];
}

export type ShellNode =
  | ShellCommand
  | ShellPipeline
  | ShellAndOr
  | ShellGroup
  | ShellIf
  | ShellLoop
  | ShellCase
  | ShellFunction;

/** A simple command. */
export interface ShellCommand extends ShellContext {
  readonly kind: 'command';
  /** The words as they are written, before `sudo`, `env`, `timeout 5` and the like are taken off. */
  readonly words: readonly ShellWord[];
  /** The program's name without its folder. Undefined without one, and when it comes from an expansion. */
  readonly name: string | undefined;
  readonly nameWord: ShellWord | undefined;
  readonly args: readonly ShellWord[];
  /** The words that only say how to run the program: `sudo -u x`, `exec`, `timeout 5`. */
  readonly prefixes: readonly ShellWord[];
  /** `NAME=value` before the command, the assignments of `env NAME=value`, `export NAME=value` and `local`. */
  readonly assignments: readonly ShellAssignment[];
  readonly redirects: readonly ShellRedirect[];
  readonly heredocs: readonly ShellHeredoc[];
  readonly span: Span;
  readonly pipeline: {
    /** The number of the pipeline in the script; commands of one pipeline share it. */
    readonly index: number;
    /** 0 for the first command. */
    readonly position: number;
    readonly length: number;
  };
  /** What the command runs: the script of `sh -c`, the command after `kubectl exec … --`. */
  readonly inner: readonly ShellNode[];
}

/** What surrounds a command. */
export interface ShellContext {
  /** The innermost loop that the command is in, its condition included. */
  readonly loop: 'for' | 'while' | 'until' | undefined;
  /** It stands between `if`/`while`/`until` and `then`/`do`, so a failure decides and does not stop. */
  readonly isCondition: boolean;
  /** It runs only if something else turned out so: in `if`, `case`, after `||`, after a test and `&&`. */
  readonly conditional: boolean;
  /** The function whose body it is in. */
  readonly inFunction: string | undefined;
  readonly negated: boolean;
  /** Its failure is thrown away: `cmd || true`, `cmd || :`, `cmd || echo …`. */
  readonly errorsIgnored: boolean;
  readonly background: boolean;
  /** How it comes to be inside another command, if so. */
  readonly nested: 'shell' | 'exec' | 'substitution' | 'process-substitution' | 'trap' | undefined;
  /** It runs in another container or on another host: after `kubectl exec … --` or `docker exec`. */
  readonly remote: boolean;
}

export interface ShellAssignment {
  readonly name: string;
  /** The name as written. */
  readonly nameSpan: Span;
  /** Undefined for an array. */
  readonly value: ShellWord | undefined;
  /** The elements of `NAME=(a b c)`. */
  readonly elements: readonly ShellWord[] | undefined;
  /** `NAME+=value`. */
  readonly appends: boolean;
  readonly exported: boolean;
  readonly span: Span;
}

export interface ShellRedirect {
  /** `>`, `>>`, `<`, `<>`, `<&`, `>&`, `>|`, `&>`, `&>>` or `<<<`. */
  readonly operator: string;
  /** The file descriptor before the operator. */
  readonly descriptor: number | undefined;
  readonly target: ShellWord | undefined;
  readonly span: Span;
}

export interface ShellPipeline {
  readonly kind: 'pipeline';
  readonly stages: readonly ShellNode[];
}

/** `a && b || c`. */
export interface ShellAndOr {
  readonly kind: 'and-or';
  readonly items: readonly ShellNode[];
  readonly operators: readonly ('&&' | '||')[];
  /** Per item: it runs only if an earlier item turned out so, as in `[ -f x ] && cmd` and `cmd || other`. */
  readonly conditional: readonly boolean[];
}

/** `{ …; }`, `( … )`, or any other compound command that has redirects. */
export interface ShellGroup {
  readonly kind: 'group';
  readonly subshell: boolean;
  readonly body: readonly ShellNode[];
  readonly redirects: readonly ShellRedirect[];
  readonly heredocs: readonly ShellHeredoc[];
}

export interface ShellIf {
  readonly kind: 'if';
  readonly branches: readonly { readonly condition: readonly ShellNode[]; readonly body: readonly ShellNode[] }[];
  readonly otherwise: readonly ShellNode[];
}

export interface ShellLoop {
  readonly kind: 'loop';
  readonly loop: 'for' | 'while' | 'until';
  /** The variable of `for`. */
  readonly variable: string | undefined;
  /** The words after `in`. */
  readonly words: readonly ShellWord[];
  readonly condition: readonly ShellNode[];
  readonly body: readonly ShellNode[];
}

export interface ShellCase {
  readonly kind: 'case';
  readonly word: ShellWord;
  readonly branches: readonly { readonly patterns: readonly ShellWord[]; readonly body: readonly ShellNode[] }[];
}

export interface ShellFunction {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: Span;
  readonly body: readonly ShellNode[];
}
