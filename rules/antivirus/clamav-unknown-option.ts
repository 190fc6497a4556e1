import { imageTag, publishedProgramOf } from '../../analysis/images';
import { mountedTexts } from '../../analysis/mounts';
import { nearest } from '../../analysis/nearest';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import type { Problem, Rule } from '../rule';

/**
 * Every option of clamd.conf, freshclam.conf and clamav-milter.conf that ClamAV 1.5 or an earlier version knows; one of
 * another program, or an old one, is only a warning in the log.
 */
const options = new Map(
  `
  AddHeader AlertBrokenExecutables AlertBrokenMedia AlertEncrypted AlertEncryptedArchive AlertEncryptedDoc
  AlertExceedsMax AlertOLE2Macros AlertPartitionIntersection AlertPhishingCloak AlertPhishingSSLMismatch
  AlgorithmicDetection AllowAllMatchScan AllowList AllowSupplementaryGroups ArchiveBlockEncrypted
  ArchiveBlockMax ArchiveLimitMemoryUsage ArchiveMaxCompressionRatio ArchiveMaxFileSize ArchiveMaxFiles
  ArchiveMaxRecursion ArchiveMaxScanSize BlockMax Bytecode BytecodeMode BytecodeSecurity BytecodeTimeout
  BytecodeUnsigned CVDCertsDirectory CacheSize Checks Chroot ClamdSocket CommandReadTimeout
  CompressLocalDatabase ConcurrentDatabaseReload ConnectTimeout CrossFilesystems DNSDatabaseInfo
  DatabaseCustomURL DatabaseDirectory DatabaseMirror DatabaseOwner Debug DetectBrokenExecutables DetectPUA
  DetectionStatsCountry DetectionStatsHostID DevACDepth DevACOnly DevLiblog DevPerformance DisableCache
  DisableCertCheck Example ExcludeDatabase ExcludePUA ExcludePath ExitOnOOM ExtendedDetectionInfo ExtraDatabase
  FIPSCryptoHashLimits FailIfCvdOlderThan FixStaleSocket FollowDirectorySymlinks FollowFileSymlinks ForceToDisk
  Foreground GenerateMetadataJson HTTPProxyPassword HTTPProxyPort HTTPProxyServer HTTPProxyUsername
  HTTPUserAgent HeuristicAlerts HeuristicScanPrecedence IdleTimeout IncludePUA JsonStoreExtraHashes
  JsonStoreHTMLURIs JsonStorePDFURIs LeaveTemporaryFiles LocalIPAddress LocalNet LocalSocket LocalSocketGroup
  LocalSocketMode LogClean LogFacility LogFile LogFileMaxSize LogFileUnlock LogInfected LogRotate LogSyslog
  LogTime LogVerbose MailFollowURLs MailMaxRecursion MaxAttempts MaxConnectionQueueLength MaxDirectoryRecursion
  MaxEmbeddedPE MaxFileSize MaxFiles MaxHTMLNoTags MaxHTMLNormalize MaxIconsPE MaxPartitions MaxQueue MaxRecHWP3
  MaxRecursion MaxScanSize MaxScanTime MaxScriptNormalize MaxThreads MaxZipTypeRcg MilterSocket
  MilterSocketGroup MilterSocketMode NotifyClamd OLE2BlockMacros OfficialDatabaseOnly OnAccessCurlTimeout
  OnAccessDenyOnError OnAccessDisableDDD OnAccessExcludePath OnAccessExcludeRootUID OnAccessExcludeUID
  OnAccessExcludeUname OnAccessExtraScanning OnAccessIncludePath OnAccessMaxFileSize OnAccessMaxThreads
  OnAccessMountPath OnAccessPrevention OnAccessRetryAttempts OnClean OnErrorExecute OnFail OnInfected
  OnOutdatedExecute OnUpdateExecute PCREMatchLimit PCREMaxFileSize PCRERecMatchLimit PartitionIntersection
  PhishingAlwaysBlockCloak PhishingAlwaysBlockSSLMismatch PhishingScanURLs PhishingSignatures PidFile
  PreludeAnalyzerName PreludeEnable PrivateMirror ReadTimeout ReceiveTimeout RejectMsg ReportHostname
  SafeBrowsing ScanArchive ScanELF ScanHTML ScanHWP3 ScanImage ScanImageFuzzyHash ScanMail ScanOLE2 ScanOnAccess
  ScanOneNote ScanPDF ScanPE ScanPartialMessages ScanSWF ScanXMLDOCS ScriptedUpdates SelfCheck SendBufTimeout
  SkipAuthenticated StatsEnabled StatsHostID StatsPEDisabled StatsTimeout StreamMaxLength StreamMaxPort
  StreamMinPort StructuredCCOnly StructuredDataDetection StructuredMinCreditCardCount StructuredMinSSNCount
  StructuredSSNFormatNormal StructuredSSNFormatStripped SubmitDetectionStats SupportMultipleRecipients TCPAddr
  TCPSocket TemporaryDirectory TestDatabases UpdateLogFile User VirusAction VirusEvent Whitelist
`
    .trim()
    .split(/\s+/)
    .map(name => [name.toLowerCase(), name]),
);

export default {
  id: 'clamav-unknown-option',
  items: [],
  severity: 'error',
  summary: 'A file of ClamAV has an option or a value that it does not take.',
  why: 'clamd and freshclam read their whole file before they start, and stop at the first option that they do not know, or whose value they cannot read: "Parse error … Unknown option", "Incorrect argument format". Without freshclam there are no signatures, and without signatures clamd does not start either.',
  remedy:
    'Correct the name, or delete the line. What the command line knows, such as `--daemon`, is no option of the file.',
  traps: [
    'Options of another of ClamAV’s programs, and those that were taken out of use, are skipped with a warning; they are not reported.',
    'For an image without a version, or of a version later than 1.5, an unknown option may be a new one: this is a warning then.',
    'A `DatabaseDirectory` that neither the published image nor a volume has is reported as well, unless a command names it.',
    'Sizes end in K, M or a digit; `110MB` and `1G` are no sizes. Switches are yes, no, true, false, 1 or 0.',
    'The line `Example` of the sample files has to go: both programs refuse to start with it.',
  ],
  sources: [
    'Cisco-Talos/clamav 1.4.6, common/optparser.c: MATCH_SIZE, MATCH_NUMBER, MATCH_BOOL',
    'docs.clamav.net, Configuration',
  ],
  examples: {
    bad: example(`Foreground yes
          Daemon yes
      #   ^^^^^^ 💡 error: ClamAV knows no option Daemon, so freshclam does not start with it — delete it.
          Checks 4`),
    good: example(`Foreground yes
          Checks 4`),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('clamav')) return;
    const versions = containersOf(resource).flatMap(({ image }) => (/clamav/.test(image) ? versionOf(image) : []));
    const isKnown = versions.length > 0 && versions.every(version => version <= 1.005);
    for (const { value, path } of mountedTexts(workspace, resource)) {
      const program = /(?:^|\/)(clamd|freshclam)\.conf$/.exec(path)?.[1];
      if (!program || value.string === undefined) continue;
      const text = value.mapped;
      for (const { start, end, name } of linesOf(text.text)) {
        const isExample = name === 'Example';
        if (options.has(name.toLowerCase()) && !isExample) {
          yield* badValue(program, name, text, { start: start + name.length, end });
          if (name === 'DatabaseDirectory')
            yield* missingFolder(resource, program, text, { start: start + name.length, end });
          continue;
        }
        // What is still to be written is no option yet.
        if (findPlaceholders(name, 'value').length > 0) continue;
        const meant = isExample ? undefined : nearest(name, options.values());
        yield {
          at: text.place(start, start + name.length),
          ...(isKnown || isExample ? {} : { severity: 'warning' as const }),
          message: isExample
            ? `${program} does not start as long as its file has the line Example — delete it.`
            : `ClamAV knows no option ${name}, so ${program} does not start with it — ${meant ? `did you mean ${meant}?` : 'delete it.'}`,
          fixes: () =>
            meant
              ? [
                  {
                    title: `Write ${meant}`,
                    safe: false,
                    edits: [{ at: text.place(start, start + name.length), newText: meant }],
                  },
                ]
              : [{ title: `Delete ${name}`, safe: true, edits: [{ at: wholeLine(text, start, end), newText: '' }] }],
        };
      }
    }
  },
} satisfies Rule;

/** A folder for the signatures that neither the image of ClamAV nor a volume has. */
function* missingFolder(
  resource: Resource,
  program: string,
  text: MappedText,
  { start, end }: Span,
): Iterable<Problem> {
  const [, blank = '', path] = /^([ \t]+)["']?(\/[\w./-]+)["']?[ \t\r]*$/.exec(text.text.slice(start, end)) ?? [];
  const containers = containersOf(resource);
  const isPublished = containers.every(({ image }) => publishedProgramOf(image) === 'clamav');
  if (path === undefined || !isPublished || /^\/(?:var\/lib\/clamav|tmp|var\/tmp)\/?$/.test(path)) return;
  const mounted = containers.flatMap(({ value }) =>
    value
      .at('volumeMounts')
      .items()
      .map(mount => (mount.at('mountPath').text ?? '').replace(/\/+$/, '')),
  );
  if (mounted.some(one => one !== '' && (path === one || path.startsWith(`${one}/`) || path === `${one}/`))) return;
  // A script may make the folder.
  const words = containers.flatMap(({ value }) => [...value.at('command').items(), ...value.at('args').items()]);
  if (words.some(word => word.text?.includes(path))) return;
  const at = text.text.indexOf(path, start + blank.length);
  yield {
    at: text.place(at, at + path.length),
    message: `No volume is mounted at ${path}, and the image of ClamAV does not have it, so ${program} does not start — write the folder of the volume with the signatures.`,
  };
}

/** A value that the option's kind does not allow. */
function* badValue(program: string, name: string, text: MappedText, { start, end }: Span): Iterable<Problem> {
  const [, blank = '', value] = /^([ \t]+)([^\s"'#]+)[ \t\r]*$/.exec(text.text.slice(start, end)) ?? [];
  const kind = kinds.find(one => one.names.has(name));
  if (!kind || value === undefined || kind.format.test(value) || findPlaceholders(value, 'value').length > 0) return;
  if (value.includes('$')) return;
  const [, digits = '', unit = ''] = /^(\d+)\s*([kmg])i?b?$/i.exec(value) ?? [];
  const size = unit.toUpperCase() === 'G' ? `${Number(digits) * 1024}M` : digits + unit.toUpperCase();
  const meant = kind.what === 'size' && digits !== '' ? size : undefined;
  const at = text.place(start + blank.length, start + blank.length + value.length);
  yield {
    at,
    message: `ClamAV takes no ${kind.what} such as ${value} for ${name}, so ${program} does not start with it — write ${meant ?? kind.example}.`,
    fixes: () =>
      meant === undefined ? [] : [{ title: `Write ${meant}`, safe: false, edits: [{ at, newText: meant }] }],
  };
}

/** The options that are written most, by what they take; letters of either case are the same. */
const kinds = [
  {
    what: 'size',
    example: 'a number of bytes, or one with K or M',
    format: /^\d+[KM]?$/i,
    names: words(
      'StreamMaxLength MaxScanSize MaxFileSize MaxEmbeddedPE MaxHTMLNormalize MaxHTMLNoTags MaxScriptNormalize MaxZipTypeRcg PCREMaxFileSize LogFileMaxSize OnAccessMaxFileSize',
    ),
  },
  {
    what: 'number',
    example: 'digits alone',
    format: /^\d+$/,
    names: words(
      'MaxThreads MaxQueue ReadTimeout CommandReadTimeout SendBufTimeout IdleTimeout MaxConnectionQueueLength SelfCheck MaxDirectoryRecursion MaxRecursion MaxFiles MaxScanTime TCPSocket StreamMinPort StreamMaxPort Checks MaxAttempts ConnectTimeout ReceiveTimeout',
    ),
  },
  {
    what: 'switch',
    example: 'yes or no',
    format: /^(?:yes|true|1|no|false|0)$/i,
    names: words(
      'LogFileUnlock LogTime LogClean LogSyslog LogRotate LogVerbose ExtendedDetectionInfo FixStaleSocket FollowDirectorySymlinks FollowFileSymlinks CrossFilesystems ConcurrentDatabaseReload ExitOnOOM Foreground Debug LeaveTemporaryFiles AllowAllMatchScan HeuristicAlerts HeuristicScanPrecedence AlertEncrypted AlertEncryptedArchive AlertEncryptedDoc AlertExceedsMax AlertBrokenExecutables AlertOLE2Macros ScanPE ScanELF ScanOLE2 ScanPDF ScanSWF ScanXMLDOCS ScanHTML ScanMail ScanArchive ScanPartialMessages PhishingSignatures PhishingScanURLs DetectPUA Bytecode OfficialDatabaseOnly ForceToDisk DisableCache ScriptedUpdates CompressLocalDatabase TestDatabases',
    ),
  },
];

function words(names: string): ReadonlySet<string> {
  return new Set(names.split(' '));
}

/** The lines that set an option; the blank before it is no part of it. */
function* linesOf(text: string): Iterable<{ readonly start: number; readonly end: number; readonly name: string }> {
  for (const line of text.matchAll(/^([ \t]*)([A-Za-z]\w*)(?=[ \t\r]|$).*$/gm))
    yield { start: line.index + (line[1]?.length ?? 0), end: line.index + line[0].length, name: line[2] ?? '' };
}

/** A line with the end of the line before it, or for the first one with its own. */
function wholeLine(text: MappedText, start: number, end: number) {
  const before = text.text.lastIndexOf('\n', start - 1);
  return before === -1 ? text.place(0, Math.min(end + 1, text.text.length)) : text.place(before, end);
}

/** `1.4.1` as 1.004; nothing for tags such as `stable`. */
function versionOf(image: string): number {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(imageTag(image) ?? '') ?? [];
  return major === undefined ? Number.POSITIVE_INFINITY : Number(major) + Number(minor) / 1000;
}

function example(freshclam: string): string {
  return `
      #- /clamav.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: clamav
        namespace: matrix
      data:
        freshclam.conf: |
          DatabaseDirectory /var/lib/clamav
          ${freshclam}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: clamav
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: clamav}
        template:
          metadata:
            labels: {app: clamav}
          spec:
            containers:
              - name: freshclam
                image: clamav/clamav:1.4.2
                command: [freshclam, --foreground, --daemon]
                volumeMounts:
                  - {name: config, mountPath: /etc/clamav}
            volumes:
              - name: config
                configMap: {name: clamav}
    `;
}
