namespace PvPatch.Cli;

/// <summary>An error the user can do something about, as one sentence that names the file.</summary>
internal sealed class Failure : Exception
{
    /// <summary>States the sentence.</summary>
    public Failure(string sentence, Exception? cause = null)
        : base(sentence, cause)
    {
    }

    /// <summary>Runs something that reads or writes a file, so that its errors name the file.</summary>
    public static T In<T>(string file, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (MalformedImageException error)
        {
            throw new Failure($"{file}: {error.Place}: {error.Reason}", error);
        }
        catch (OutOfMemoryException error)
        {
            throw new Failure($"{file}: needs more memory than there is", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure(DescribeIo(file, error), error);
        }
    }

    /// <summary>Runs something that writes a file: its errors name that file, but for those of the image it reads.</summary>
    public static T Writing<T>(string file, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure(DescribeIo(file, error), error);
        }
    }

    /// <summary>Reads a small text file whole; what is too long for one is refused, not read.</summary>
    public static byte[] ReadSmall(string file) => In(file, () =>
    {
        const int most = 64 << 20;
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) != 0; bytes.Write(buffer, 0, read))
            if (bytes.Length > most) throw new MalformedImageException("its length", $"more than {most >> 20} MiB are not text of the kind wanted here");
        return bytes.ToArray();
    });

    /// <summary>The sentence of an exception; null only where a crash dump was asked for with PVPATCH_DEBUG.</summary>
    public static string? Describe(Exception error) => error switch
    {
        Failure => error.Message,
        MalformedImageException => error.Message,
        IOException or UnauthorizedAccessException => error.Message,
        _ when Environment.GetEnvironmentVariable("PVPATCH_DEBUG") is { Length: > 0 } => null,
        OutOfMemoryException => "out of memory",
        _ => $"internal error, please report it with the image: {error.GetType().Name}: {error.Message}",
    };

    private static string DescribeIo(string file, Exception error)
    {
        const int fileTooBig = 27, noSpace = 28; // EFBIG, ENOSPC
        string reason = error switch
        {
            FileNotFoundException => "no such file",
            PathTooLongException => "the name is too long",
            DirectoryNotFoundException => "no such folder",
            UnauthorizedAccessException when Directory.Exists(file) => "is a directory",
            UnauthorizedAccessException => "permission denied",
            IOException when error.HResult == noSpace => "no space left on the device",
            IOException when error.HResult == fileTooBig => "the file would be larger than this process may write (RLIMIT_FSIZE)",
            _ => error.Message,
        };
        return reason.StartsWith(file, StringComparison.Ordinal) ? reason : $"{file}: {reason}";
    }
}
