using System.Reflection;

namespace PvPatch.Platforms;

/// <summary>The profile used when the user names none: QEMU's qemu64 with two CPUs, as a 6.1 kernel finds it.</summary>
/// <remarks>Anybody can boot that machine, so anybody can check what pvpatch writes for it.</remarks>
public static class BaselineProfile
{
    /// <summary>Its name in messages.</summary>
    public const string Name = "qemu64-2cpu";

    /// <summary>Loads it.</summary>
    public static CpuProfile Load()
    {
        using Stream json = Assembly.GetExecutingAssembly().GetManifestResourceStream($"PvPatch.Platforms.Data.{Name}.json")!;
        byte[] bytes = new byte[json.Length];
        json.ReadExactly(bytes);
        return CpuProfileJson.Read(bytes);
    }
}
