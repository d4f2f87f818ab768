# Runs a script's code blocks in one namespace and reports the first failure, at its own line and
# with the values of the names in the failed statement. The blocks follow as the last line. What only
# a failure needs is imported there, for a quick start.

def statement_at(tree, line):
    """The innermost statement that covers a line."""
    import ast
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno:
            if found is None or node.lineno >= found.lineno:
                found = node
    return found


def values(node, scope):
    """[name, value] of every plain name that the failed statement reads."""
    import ast
    found = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in scope and not callable(scope[part.id]):
            found.setdefault(part.id, repr(scope[part.id])[:100])
    return list(found.items())


def line_in(error, path):
    import traceback
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == path]
    return lines[0] if lines else 0


def describe(error, block, path, scope):
    import ast
    if isinstance(error, SyntaxError) and error.filename == path:
        return {'line': error.lineno or block['line'], 'text': 'syntax error in code: ' + error.msg,
                'values': []}
    line = line_in(error, path) or block['line']
    node = statement_at(ast.parse(block['source'], path), line)
    text = ast.get_source_segment(block['source'], node) if node else ''
    text = ' '.join((text or '').split())
    if isinstance(error, AssertionError):
        say = 'assertion failed: ' + text
        if isinstance(node, ast.Assert):
            if node.msg is not None and str(error):
                say += ' (' + str(error) + ')'
            return {'line': line, 'text': say, 'values': values(node.test, scope)}
        return {'line': line, 'text': say, 'values': []}
    kind = type(error).__name__
    if isinstance(error, NameError) and 'tcpi_' in str(error):
        kind = 'this kernel does not tell it: ' + kind
    return {'line': line, 'text': '%s: %s in: %s' % (kind, error, text),
            'values': values(node, scope) if node else []}


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


