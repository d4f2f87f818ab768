# Runs a script's code blocks in one namespace and reports the first failure, at its own line and
# with the values of the names in the failed statement. The blocks follow as the last line. What only
# a failure needs is imported there, for a quick start.

def statement_at(tree, line, column):
    """The innermost statement that covers a place. Without a column (Python 3.10 tells none), only where
    the line has no other."""
    import ast
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= node.end_lineno:
            continue
        begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
        if column is None or begin <= (line, column) < end:
            found.append((begin, node))
    found.sort(key=lambda pair: pair[0])
    several = column is None and len([1 for begin, _ in found if begin[0] == line]) > 1
    return found[-1][1] if found and not several else None


def values(node, scope):
    """[name, value] of every plain name that the failed statement reads."""
    import ast
    found = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in scope and not callable(scope[part.id]):
            found.setdefault(part.id, repr(scope[part.id])[:100])
    return list(found.items())


def place(node, source):
    """Line, offset and length in bytes of what stands of a node in its first line."""
    end = node.end_col_offset
    if node.end_lineno != node.lineno:
        end = len(source.splitlines()[node.lineno - 1].encode().rstrip())
    return [node.lineno, node.col_offset, end - node.col_offset]


def place_of(error, path):
    """The line and column of the block that an error came through; a block is no function."""
    import traceback
    places = [(frame.lineno, getattr(frame, 'colno', None))
              for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return places[0] if places else (0, None)


def describe(error, block, path, scope):
    import ast
    if isinstance(error, SyntaxError) and error.filename == path:
        report = {'line': error.lineno or block['line'], 'text': 'syntax error in code: ' + error.msg,
                  'values': []}
        if error.lineno and error.offset and error.text:
            before = error.text[:error.offset - 1].encode()
            wrong = error.text[error.offset - 1:(error.end_offset or 0) - 1] \
                if error.end_lineno == error.lineno else ''
            report['place'] = [error.lineno, len(before), len(wrong.encode()) or 1]
        return report
    line, column = place_of(error, path)
    line = line or block['line']
    node = statement_at(ast.parse(block['source'], path), line, column)
    text = ast.get_source_segment(block['source'], node) if node else ''
    text = ' '.join((text or '').split())
    report = {'line': line, 'values': []}
    if node:
        report['place'] = place(node, block['source'])
    if isinstance(error, AssertionError):
        report['text'] = 'assertion failed: ' + text
        if isinstance(node, ast.Assert):
            if node.msg is not None and str(error):
                report['text'] += ' (' + str(error) + ')'
            report['place'] = place(node.test, block['source'])
            report['values'] = values(node.test, scope)
        return report
    kind = type(error).__name__
    if isinstance(error, NameError) and 'tcpi_' in str(error):
        kind = 'this kernel does not tell it: ' + kind
    report['text'] = '%s: %s in: %s' % (kind, error, text)
    report['values'] = values(node, scope) if node else []
    return report


def main(fd, data):
    scope = {'__name__': '__main__', '__file__': data['path']}
    scope.update(data['constants'])
    for block in data['blocks']:
        scope.update(zip(block['names'].split(), map(int, block['numbers'].split())))
        block['source'] = '\n' * (block['line'] - 1) + block['text'] + '\n'
        try:
            exec(compile(block['source'], data['path'], 'exec'), scope)
        except SystemExit as end:
            if end.code in (None, 0):
                return  # it is one program: nothing of it comes after its end
            report = {'line': block['line'], 'text': 'the code exited with %r' % (end.code,),
                      'values': []}
        except BaseException as error:  # whatever it is, the script's author must see it
            report = describe(error, block, data['path'], scope)
        else:
            continue
        import json
        import os
        import sys
        report['event'] = block['event']
        report['text'] = report['text'][:2000]
        sys.stdout.flush()
        os.write(fd, json.dumps(report).encode())
        sys.exit(1)


