namespace PvPatch.Tests.Tools;

/// <summary>A kernel of a few lines of assembly, linked where kernels are.</summary>
internal static class AssembledKernel
{
    /// <summary>Assembles and links; <c>.text</c> lies at 0xffffffff81000000.</summary>
    public static MiniKernel Build(string source)
    {
        using var folder = new TempFolder();
        string code = Binutils.Assemble(folder, "kernel", source, "--64"), linked = folder.Path("kernel");
        Binutils.Run("ld", "-Ttext=0xffffffff81000000", "-e", "0", "-o", linked, code);
        return new MiniKernel(File.ReadAllBytes(linked));
    }
}
