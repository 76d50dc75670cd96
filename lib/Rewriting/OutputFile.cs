using System.Runtime.InteropServices;

namespace PvPatch.Rewriting;

/// <summary>A file that gets its name only when it is whole: written beside it, synced, renamed.</summary>
public sealed class OutputFile : IDisposable
{
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly string path;
    private bool synced;
    private bool committed;

    private OutputFile(string path)
    {
        this.path = Path.GetFullPath(path);
        if (Directory.Exists(this.path)) throw new IOException($"{path}: is a directory");
        string folder = Path.GetDirectoryName(this.path)!;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{path}: there is no folder {folder}");
        TemporaryPath = Path.Combine(folder, $".{Path.GetFileName(this.path)}.{Environment.ProcessId}.tmp");
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
            signals.Add(PosixSignalRegistration.Create(signal, _ => Delete()));
    }

    /// <summary>Where the bytes go until <see cref="Commit"/>.</summary>
    public string TemporaryPath { get; }

    /// <summary>Starts an empty file.</summary>
    /// <exception cref="IOException">The place cannot be written.</exception>
    public static OutputFile Create(string path)
    {
        var output = new OutputFile(path);
        return output.Guard(() => File.Create(output.TemporaryPath).Dispose());
    }

    /// <summary>Starts with a copy of a file, its mode included.</summary>
    /// <exception cref="IOException">The place cannot be written, or is full.</exception>
    public static OutputFile CopyOf(string source, string path)
    {
        var output = new OutputFile(path);
        return output.Guard(() =>
        {
            File.Copy(source, output.TemporaryPath, overwrite: true);
            File.SetUnixFileMode(
                output.TemporaryPath, File.GetUnixFileMode(output.TemporaryPath) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        });
    }

    /// <summary>Opens the file for writing.</summary>
    public FileStream Open() => new(TemporaryPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1 << 16);

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
        if (!synced) Sync();
        File.Move(TemporaryPath, path, overwrite: true);
        committed = true;
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        if (!committed) Delete();
    }

    private OutputFile Guard(Action create)
    {
        try
        {
            create();
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
