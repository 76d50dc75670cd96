using System.Runtime.InteropServices;

namespace PvPatch.Rewriting;

/// <summary>A file that gets its name only when it is whole: written beside it, synced, renamed.</summary>
public sealed class OutputFile : IDisposable
{
    private const string Status = "/proc/self/status";
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly Lock gate = new();
    private readonly string path;
    private bool synced;
    private bool committed;
    private volatile bool abandoned;

    private OutputFile(string path, bool direct = false)
    {
        this.path = Path.GetFullPath(path);
        if (direct)
        {
            (TemporaryPath, committed) = (this.path, true);
            return;
        }

        if (Directory.Exists(this.path)) throw new IOException($"{path}: is a directory");
        if (File.Exists(this.path) && !IsReplaceable(this.path)) throw new IOException($"{path}: is not a regular file");
        string folder = Path.GetDirectoryName(this.path)!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{path}: there is no folder {folder}");

        // Not by the output's name, which may be as long as names can be; and not to be guessed, for the folder may be /tmp.
        TemporaryPath = Path.Combine(folder, $".pvpatch-{Path.GetRandomFileName()}.tmp");
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
            if (!IsIgnored(signal)) signals.Add(PosixSignalRegistration.Create(signal, _ => Abandon()));
    }

    /// <summary>Where the bytes go until <see cref="Commit"/>.</summary>
    public string TemporaryPath { get; }

    /// <summary>Starts an empty file; a device or a pipe, which cannot be replaced, is written as it is.</summary>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static OutputFile Create(string path)
    {
        if (!Directory.Exists(path) && File.Exists(path) && !IsReplaceable(Path.GetFullPath(path))) return new OutputFile(path, direct: true);
        var output = new OutputFile(path);
        return output.Guard(static _ => { });
    }

    /// <summary>Starts with a copy of a file, its mode included.</summary>
    /// <exception cref="IOException">The place cannot be written, or is full.</exception>
    public static OutputFile CopyOf(string source, string path)
    {
        var output = new OutputFile(path);
        return output.Guard(temporary =>
        {
            File.Copy(source, temporary, overwrite: true);
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(temporary) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        });
    }

    /// <summary>Opens the file for writing.</summary>
    /// <exception cref="OperationCanceledException">A signal has ended the work.</exception>
    public FileStream Open()
    {
        lock (gate)
        {
            ThrowIfAbandoned();
            return committed
                ? new FileStream(TemporaryPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1 << 16)
                : new FileStream(TemporaryPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1 << 16);
        }
    }

    /// <summary>Tells a file that a signal took away from one that was never there.</summary>
    /// <exception cref="OperationCanceledException">A signal has ended the work.</exception>
    public void ThrowIfAbandoned()
    {
        if (abandoned) throw new OperationCanceledException("interrupted by a signal");
    }

    /// <summary>Brings the bytes to disk.</summary>
    public void Sync()
    {
        using FileStream stream = Open();
        stream.Flush(flushToDisk: true);
        synced = true;
    }

    /// <summary>Gives the file its name, its bytes being on disk.</summary>
    public void Commit()
    {
        if (committed) return;
        if (!synced) Sync();
        lock (gate)
        {
            ThrowIfAbandoned();
            File.Move(TemporaryPath, path, overwrite: true);
            committed = true;
        }
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        if (!committed) Delete();
    }

    // What lies in /dev and /proc (standard output, a descriptor) is not ours to replace, even where it leads to a file.
    private static bool IsReplaceable(string full) =>
        FileIdentity.TryGet(full, out FileIdentity identity) && identity.IsRegular
        && !full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/proc/", StringComparison.Ordinal);

    // The process ends once the signal is handled; until then nothing may be made or named any more.
    private void Abandon()
    {
        lock (gate)
        {
            if (committed) return;
            abandoned = true;
            Delete();
        }
    }

    // nohup, or a job in the background: whoever started this process wants the signal passed over, and a handler would undo that.
    private static bool IsIgnored(PosixSignal signal)
    {
        int number = signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            _ => 15,
        };
        const string field = "SigIgn:";
        string? line = File.Exists(Status) ? File.ReadLines(Status).FirstOrDefault(l => l.StartsWith(field, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line[field.Length..].Trim(), 16) >> (number - 1) & 1) != 0;
    }

    // The name is claimed exclusively: never through a link that somebody put there.
    private OutputFile Guard(Action<string> fill)
    {
        try
        {
            lock (gate)
            {
                ThrowIfAbandoned();
                new FileStream(TemporaryPath, FileMode.CreateNew, FileAccess.Write).Dispose();
                fill(TemporaryPath);
            }

            return this;
        }
        catch (Exception error)
        {
            Dispose();
            if (error is FileNotFoundException) throw new IOException($"{path}: no file can be created there", error); // /proc and its like
            throw;
        }
    }

    private void Delete()
    {
        try
        {
            File.Delete(TemporaryPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing better can be done about a file that was ours and cannot be removed.
        }
    }
}
