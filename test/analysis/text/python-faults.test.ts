import assert from 'node:assert/strict';
import { pythonFault } from '../../../analysis/text/python-faults';

describe('what Python cannot read', () => {
  const fault = (...lines: readonly string[]): string | undefined => {
    const text = `${lines.join('\n')}\n`;
    const found = pythonFault(text);
    return found && `${text.slice(found.span.start, found.span.end)}: ${found.message}`;
  };

  it('is brackets and strings that are left open', () => {
    assert.equal(fault('A = [', "  'b',", 'C = 1'), '[: a [ that is not closed');
    assert.equal(fault('A = (1]'), '(: a ( that is closed by ]');
    assert.equal(fault('A = 1)'), '): a ) that closes nothing');
    assert.equal(fault("A = 'b", 'C = 1'), "'b: a string that is not closed");
    assert.equal(fault('A = """b', 'C = 1'), '"""b\nC = 1\n: a string that is not closed');
  });

  it('is indentation that fits nothing', () => {
    assert.equal(
      fault('while True:', '    a = 1', '    if not a:', '    break'),
      'break: a line that has to be indented',
    );
    assert.equal(fault('a = 1', '  b = 2'), 'b: a line that is indented too far');
    assert.equal(fault('if a:', '    b = 1', '  c = 2'), 'c: a line that is indented like none above it');
  });

  it('is nothing of a program that runs', () => {
    assert.equal(
      fault(
        'import os',
        'A = {',
        "  'b': os.environ['B'],  # it's a comment (",
        '}',
        'def f(a: int,',
        '      b=2) -> int:',
        '    """A text: with (brackets',
        'at the margin."""',
        '    if a: return {1: 2}[1]',
        '',
        '# A comment at the margin',
        '    x = a + \\',
        'b',
        '    try:',
        '        pass',
        '    except Exception as e:',
        "        print(f'{e}: {a[1:]}')",
        '    else:',
        '        return b',
        'class C: pass',
      ),
      undefined,
    );
    assert.equal(fault('if a:', '\tb = 1', '        c = 2'), undefined);
  });
});
