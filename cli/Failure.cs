using PvPatch.Ace.Exercise;

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
        catch (Exception error) when (IsIo(error))
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
        catch (Exception error) when (IsIo(error))
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
        MalformedImageException or ExerciseException => error.Message,
        _ when IsIo(error) => error.Message,
        _ when Environment.GetEnvironmentVariable("PVPATCH_DEBUG") is { Length: > 0 } => null,
        OutOfMemoryException => "out of memory",
        _ => $"internal error, please report it with the image: {error.GetType().Name}: {error.Message}",
    };

    private static bool IsIo(Exception error) => error is IOException or UnauthorizedAccessException || IsFileTooBig(error);

    // The runtime takes EFBIG of any call for a bad argument of SetLength.
    private static bool IsFileTooBig(Exception error) =>
        error is ArgumentOutOfRangeException { ParamName: "value" } && error.Message.Contains("too large for the file system", StringComparison.Ordinal);

    private static string DescribeIo(string file, Exception error)
    {
        const int noSpace = 28; // ENOSPC
        string reason = error switch
        {
            FileNotFoundException => "no such file",
            PathTooLongException => "the name is too long",
            DirectoryNotFoundException => "no such folder",
            UnauthorizedAccessException when Directory.Exists(file) => "is a directory",
            UnauthorizedAccessException => "permission denied",
            IOException when error.HResult == noSpace => "no space left on the device",
            _ when IsFileTooBig(error) => "the file would be larger than this process may write (RLIMIT_FSIZE)",
            _ => error.Message,
        };
        return reason.StartsWith(file, StringComparison.Ordinal) ? reason : $"{file}: {reason}";
    }
}
