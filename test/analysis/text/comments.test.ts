import assert from 'node:assert/strict';
import fc from 'fast-check';
import { commentsIn, type Language, languageOf, maskComments } from '../../../analysis/text/comments';
import { textOf } from './generate';

describe('maskComments', () => {
  /** Every `«…»` in a sample is a comment, and nothing else is. */
  const samples: readonly (readonly [Language, string, string])[] = [
    ['yaml', 'values keep # without a blank before it', 'a: b#c «# d»\n«# e»\n  «# f»\nurl: http://h/#x\n'],
    ['yaml', 'quotes', `a: "b # c" «# d»\ne: 'f '' # g' «# h»\ni: it's «# j»\nk: "l\n  # m" «# n»\n`],
    [
      'yaml',
      'block scalars',
      'a: |  «# header»\n  # text\n\n  # text\nb: 1 «# c»\n- d: >-\n    # text\n  e: 1 «# f»\n',
    ],
    ['yaml', 'an empty block scalar', '- a: |\n  b: 1 «# c»\n- |\n # text\n- x «# d»\n'],
    ['shell', 'shebang and words', '«#!/bin/sh»\na «# b»\nc#d; «# e»\nf;«#g»\necho \\# \\\\ «# h»\n'],
    ['shell', 'parameters', '[ $# -eq 0 ] «# a»\nb=${c#d} «# e»\nf=${#g} h=${i# j} «# k»\n$((16#ff)) «# l»\n'],
    ['shell', 'quotes', `a "b # c" 'd # e' $'f\\' # g' «# h»\n"i \${j:-it's} # k" «# l»\n`],
    ['shell', 'substitutions', 'a="$(b # c" d\n) # e" «# f»\n'.replace('# c" d', '«# c" d»')],
    ['shell', 'here-documents', 'cat <<EOF > a «# b»\n# text "\nEOF\nc «# d»\ncat <<-"X Y"\n\t# text\n\tX Y\n«# e»\n'],
    ['shell', 'here-strings', 'a <<< "b # c" «# d»\n'],
    ['python', 'strings', `a = "b # c" «# d»\ne = 'f\\' # g' «# h»\n"""\n# i " \n""" «# j»\nk = f'{l}#' «#m»\n`],
    ['python', 'a string that is not closed', 'a = "b # c\nd = 1 «# e»\n'],
    [
      'sql',
      'lines and blocks',
      'a -- b\n/* c /* d */ e */ f\n'.replace('-- b', '«-- b»').replace(/\/\*.*\*\//, '«$&»'),
    ],
    ['sql', 'strings', `a 'b -- c''' «-- d»\nE'e\\' -- f' «-- g»\n"h -- i" «-- j»\n'k\n-- l' «-- m»\n`],
    ['sql', 'dollar quotes', `DO $$ BEGIN «-- a»\n PERFORM 'b -- c'; END $$; «-- d»\nSELECT $q$ -- e $q$ «-- f»\n`],
    ['sql', 'function bodies', 'CREATE FUNCTION f() RETURNS int AS $body$ a «/* b */» $$ -- c $$ $body$ «-- d»\n'],
    ['haproxy', 'anywhere outside quotes', `a b«#c»\n d "e # f" 'g # h' i\\#j «# k»\n l "m \\" # n" «# o»\n`],
    ['nginx', 'where a word begins', `a b#c; «# d»\n;«#e»\n"f # g" 'h\n# i' j"k «# l»\n}«# m»\n\${n}#o «# p»\n`],
    ['ini', 'whole lines', '«; a»\n  «# b»\nc = d ; e # f\n[g]\n'],
    ['conf', 'after a blank', `a b «# c»\n«#d»\ne f#g h"i «# j»\nk="l # m" «# n»\n'o # p' «# q»\nr it's «# s»\n`],
    ['json', 'none', '{"a": "b # c // d", "e": "/* f */"}'],
  ];

  for (const [language, title, marked] of samples) {
    it(`knows ${language}: ${title}`, () => {
      for (const sample of [marked, marked.replaceAll('\n', '\r\n')]) {
        const { text, comments } = unmark(sample);
        assert.deepEqual(
          commentsIn(text, language).map(({ start, end }) => text.slice(start, end)),
          comments,
        );
        const masked = maskComments(text, language);
        assert.equal(masked.length, text.length);
        assert.equal(masked.replace(/[^\r\n]/g, ''), text.replace(/[^\r\n]/g, ''));
        for (const comment of comments) assert.ok(!masked.includes(comment));
      }
    });
  }

  it('reads any text, keeps its length and finds nothing more the second time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...languages), commentedText, (language, text) => {
        const masked = maskComments(text, language);
        assert.equal(masked.length, text.length);
        assert.equal(maskComments(masked, language), masked);
        let end = 0;
        for (const comment of commentsIn(text, language)) {
          assert.ok(comment.start >= end && comment.end > comment.start && comment.end <= text.length);
          end = comment.end;
        }
      }),
      { numRuns: 600 },
    );
  });

  it('needs time in proportion to the text', () => {
    for (const language of languages) {
      for (const part of ['"', "'", '#', '<<a ', '$(', '$$', '/*', '\\', '- |', ' "\'', '${', 'a: "']) {
        // The last has one quote alone, and many letters behind it.
        for (const text of [part.repeat(40_000), `${part}${'ab '.repeat(20_000)}`]) {
          const started = performance.now();
          maskComments(text, language);
          assert.ok(performance.now() - started < 1000, `${language} ${part}`);
        }
      }
    }
  });
});

describe('languageOf', () => {
  it('goes by the name', () => {
    const names: readonly (readonly [string, Language])[] = [
      ['homeserver.yaml', 'yaml'],
      ['config.yml.template', 'yaml'],
      ['config.json', 'json'],
      ['/scripts/setup.sh', 'shell'],
      ['settings.py', 'python'],
      ['init.sql', 'sql'],
      ['redis.conf', 'conf'],
      ['sentinel.conf', 'conf'],
      ['turnserver.conf', 'conf'],
      ['clamd.conf', 'conf'],
      ['config.env', 'conf'],
      ['config.env.example', 'conf'],
      ['rclone.conf', 'ini'],
    ];
    for (const [name, language] of names) assert.equal(languageOf(name, ''), language, name);
  });

  it('goes by the content where the name does not tell', () => {
    const texts: readonly (readonly [string, Language])[] = [
      ['# comment\n\nglobal\n  maxconn 1\n', 'haproxy'],
      ['frontend web\n', 'haproxy'],
      ['server {\n  listen 80;\n}\n', 'nginx'],
      ['worker_processes auto;\n', 'nginx'],
      ['[s3]\ntype = s3\n', 'ini'],
      ['#!/bin/sh\nset -e\n', 'shell'],
      ['#!/usr/bin/env python3\nx = 1\n', 'python'],
      ['import os\n', 'python'],
      ['{"a": 1}', 'json'],
      ['-- roles\nCREATE ROLE a;\n', 'sql'],
      ['DO $$\nBEGIN\nEND $$;\n', 'sql'],
      ['global: 1\n', 'yaml'],
      ['server_name: x\n', 'yaml'],
      ['port 6379\n', 'conf'],
      ['', 'conf'],
    ];
    for (const [text, language] of texts) assert.equal(languageOf('config', text), language, text);
  });
});

const languages: readonly Language[] = ['yaml', 'json', 'shell', 'python', 'sql', 'haproxy', 'nginx', 'ini', 'conf'];

const commentedText = textOf([
  ...[
    '#',
    '# a',
    '--',
    '/*',
    '*/',
    ';',
    '"',
    "'",
    '"""',
    '\\',
    '$',
    '$$',
    '$a$',
    '${',
    '}',
    '$(',
    ')',
    '`',
    '((',
    '))',
  ],
  ...[
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    'a',
    'b: ',
    '- ',
    '|',
    '>-',
    '<<EOF',
    '<<-E',
    'EOF',
    'E',
    '=',
    'DO ',
    'AS ',
    '{',
    ';',
  ],
]);

function unmark(sample: string): { readonly text: string; readonly comments: readonly string[] } {
  return {
    text: sample.replace(/[«»]/g, ''),
    comments: [...sample.matchAll(/«([^»]*)»/g)].map(match => match[1] ?? ''),
  };
}
