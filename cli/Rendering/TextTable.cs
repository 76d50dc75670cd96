using Spectre.Console;

namespace PvPatch.Cli.Rendering;

/// <summary>Small tables for people: aligned columns, numbers to the right.</summary>
internal static class TextTable
{
    /// <summary>Writes a table.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="headers">Column titles; one that begins with <c>&gt;</c> is aligned to the right.</param>
    /// <param name="rows">The cells.</param>
    public static void Write(TextWriter output, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = false };
        foreach (string header in headers)
        {
            bool right = header.StartsWith('>');
            var column = new TableColumn(new Text(header.TrimStart('>'))) { NoWrap = true };
            if (right) column.Alignment = Justify.Right;
            table.AddColumn(column);
        }

        foreach (IReadOnlyList<string> row in rows) table.AddRow(row.Select(c => new Text(c)));
        using var lines = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new WideOutput(lines),
        });
        console.Write(table);
        foreach (string line in lines.ToString().Split('\n'))
            if (line.TrimEnd() is { Length: > 0 } visible) output.WriteLine(visible);
    }

    // A table is as wide as its cells, whatever the terminal: results are for pipes, too.
    private sealed class WideOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => false;

        public int Width => 4096;

        public int Height => 80;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // The report's own encoding stands.
        }
    }
}
