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
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Failure(DescribeIo(file, error), error);
        }
    }

    /// <summary>The sentence of an exception; null only where a crash dump was asked for with PVPATCH_DEBUG.</summary>
    public static string? Describe(Exception error) => error switch
    {
        Failure => error.Message,
        MalformedImageException or ExerciseException => error.Message,
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
