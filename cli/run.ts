import { UsageError } from './usage';
import { version } from './version';

/**
 * Runs one command line and returns its exit code. Each command is loaded only when it is asked for, because a check
 * of a small tree takes hardly longer than loading everything would.
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const asksForHelp = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).some(isHelp);
  const [name, ...rest] = asksForHelp ? ['help'] : argv;
  try {
    switch (name) {
      case 'check':
        return await (await import('./commands/check')).check(rest);
      case 'fix':
        return (await import('./commands/fix')).fix(rest);
      case 'checklist':
        return await (await import('./commands/checklist')).checklist(rest);
      case 'sign':
        return (await import('./commands/sign')).sign(rest);
      case 'waive':
        return (await import('./commands/waive')).waive(rest);
      case 'report':
        return await (await import('./commands/report')).report(rest);
      case 'plan':
        return (await import('./commands/plan')).plan(rest);
      case 'generate':
        return await (await import('./commands/generate')).generate(rest);
      case 'fill':
        return await (await import('./commands/fill')).fill(rest);
      case 'deploy':
        return (await import('./commands/deploy')).deploy(rest);
      case 'verify':
        return (await import('./commands/verify')).verify(rest);
      case 'network':
        return await (await import('./commands/network')).network(rest);
      case 'explain':
        return (await import('./commands/explain')).explain(rest);
      case 'lsp':
        return await (await import('./commands/lsp')).lsp(rest);
      case '--version':
      case '-V':
        process.stdout.write(`${version}\n`);
        return 0;
      case 'help':
        process.stdout.write(help);
        return 0;
      default:
        throw new UsageError(name === undefined ? 'say which command to run' : `there is no command "${name}"`);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`matrix-preflight: ${error.message}\nAll commands and options: matrix-preflight help\n`);
    return 2;
  }
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

const help = `Usage: matrix-preflight <command> [options]

  check [PATH=.]      report what violates the checklist
                      --format pretty|json|sarif|junit|github|markdown
                      --fail-on error|warning|info|none  --rule ID…  --config FILE
                      --baseline FILE  leave out what an earlier --format json reported
                      --output FILE  --no-color
  fix [PATH=.]        apply all safe fixes          --rule ID…  --dry-run
  checklist [PATH=.]  the state of every item       --format pretty|json|markdown|html  --output FILE
  sign ITEM [PATH=.]  vouch for an item that no manifest decides, in .matrix-preflight/sign-offs.yaml
                      --note TEXT  --by WHO  --evidence LINK  --expires DATE  --covers FILE…  --withdraw
  waive FINDING [PATH=.]  accept one finding: a fingerprint, or a rule with --file FILE --line N
                      --reason TEXT  --by WHO  --expires DATE  --withdraw
  report [PATH=.]     all of it in one file, for those who sign
                      --format markdown|html|json|sarif|junit  --output FILE
  plan [PATH=.]       the resolved deployment plan  --phase ID…  --format pretty|json
  generate KIND       one new credential on stdout
                      password|hex|django|rsa|signing-key|livekit-key|fernet|s3-access-key|s3-secret-key
  fill [PATH=.]       write new credentials to all placeholders, one to each group  --dry-run
  deploy [PATH=.]     carry the plan out            --context NAME  --phase ID…  --step ID…  --dry-run  --resume RUN
                      --yes --confirm-context NAME --plan-hash H  --take-over  --report FILE.json|FILE.xml
  verify [PATH=.]     ask the cluster whether it stands  --context NAME  --format pretty|json|junit
                      --report FILE.json|FILE.xml  --also federation-version|prometheus-targets  --watch SECONDS
  network [PATH=.]    what the policies make of every needed connection
                      --format text|json|svg|matrix  --output FILE
                      --from NAME --to NAME --port NUMBER explains one pair, policy by policy
  explain RULE        the page of a rule
  lsp --stdio         the language server

Exit codes of check, checklist, report and verify: 0 nothing at or above --fail-on, 1 something is, 2 usage or input error.
Of deploy: 0 done, 1 blocked by findings, 2 usage, 3 a step failed, 4 paused or cancelled, 5 refused.
`;
