namespace PvPatch.Cli.Rendering;

/// <summary>One line on a terminal's stderr while something takes longer than half a second.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.5);
    private readonly Timer? timer;
    private readonly Lock gate = new();
    private bool shown;
    private bool done;

    private Progress(string text, bool wanted)
    {
        if (wanted) timer = new Timer(_ => Show(text), null, Patience, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Says what is being done, if it takes long and a person is watching.</summary>
    public static Progress Start(string text, bool quiet) => new(text, !quiet && !Console.IsErrorRedirected);

    /// <summary>Wipes the line.</summary>
    public void Dispose()
    {
        timer?.Dispose();
        lock (gate)
        {
            done = true;
            if (shown) Console.Error.Write("\r\e[K");
        }
    }

    private void Show(string text)
    {
        lock (gate)
        {
            if (done) return;
            Console.Error.Write($"\rpvpatch: {text} …");
            shown = true;
        }
    }
}
